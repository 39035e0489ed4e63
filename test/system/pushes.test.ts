import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { TestAuthority } from '../support/node/test-authority.ts';
import { until } from '../support/node/until.ts';

/** How the gateway answers a push: `undefined` is not at all. */
type Answer = number | undefined;

let server: EyrieServer;
let gateway: Server;
let answer: Answer;
/** Event IDs that the gateway was asked to tell, and those that it took. */
let asked: string[] = [];
let taken: string[] = [];

beforeAll(async () => {
  const authority = await TestAuthority.make();
  const { cert, key } = await authority.certificate();
  gateway = createServer(
    { cert: readFileSync(cert), key: readFileSync(key) },
    (request, response) => void answerPush(request, response),
  );
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  server = await startEyrie({ env: { NODE_EXTRA_CA_CERTS: authority.caFile } });
});
afterAll(async () => {
  await server.remove();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
});

async function answerPush(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { notification } = JSON.parse(await textOf(request)) as { notification: { event_id?: string } };
  const eventId = notification.event_id;
  if (eventId !== undefined) asked.push(eventId);
  if (answer === undefined) return;
  response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
  if (answer === 200 && eventId !== undefined) taken.push(eventId);
}

test.each<[string, Answer]>([
  ['says nothing', undefined],
  ['fails', 503],
])('kill -9 while a gateway %s: every push is told after the restart, in order', async (_what, how) => {
  answer = how;
  [asked, taken] = [[], []];
  const [alice, bob] = [await register('alice'), await register('bob')];
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(roomId);
  const { port } = gateway.address() as AddressInfo;
  await bob.request('POST', '/_matrix/client/v3/pushers/set', {
    kind: 'http',
    app_id: 'test.app',
    pushkey: `key of ${bob.userId}`,
    app_display_name: 'App',
    device_display_name: 'Phone',
    lang: 'en',
    data: { url: `https://localhost:${port}/_matrix/push/v1/notify`, format: 'event_id_only' },
  });
  const sent: string[] = [];
  for (let n = 0; n < 5; n += 1) sent.push(await alice.send(roomId, `message ${n}`));
  await until('the gateway to be asked', () => asked.length > 0, 30_000);
  await server.kill9('all');
  expect(taken).toEqual([]);
  answer = 200;
  await server.restart();
  // Nobody sends or syncs: the shard goes on by itself.
  await until('the pushes to be taken', () => sent.every((eventId) => taken.includes(eventId)), 45_000);
  expect(taken).toEqual(sent);
});

let users = 0;
const register = (name: string) => new MatrixClient(server.clientUrl).register(`${name}-${(users += 1)}`);
