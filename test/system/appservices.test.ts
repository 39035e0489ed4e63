import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { ReceivingAppservice } from '../support/node/receiving-appservice.ts';
import { registerBySharedSecret } from '../support/node/shared-secret-user.ts';
import { StreamingAppservice } from '../support/node/streaming-appservice.ts';
import { until } from '../support/node/until.ts';

const SHARED_SECRET = 'a shared secret of the tests';

let server: EyrieServer;
beforeAll(async () => {
  server = await startEyrie({ registrationSharedSecret: SHARED_SECRET });
});
afterAll(() => server.remove());

let users = 0;
const register = (name: string) => new MatrixClient(server.clientUrl).register(`${name}-${(users += 1)}`);

test.each<[string, number | undefined]>([
  ['is not answered', undefined],
  ['is refused', 503],
])('kill -9 while a transaction %s: all events come after the restart, in order', async (_what, how) => {
  const appservice = new ReceivingAppservice();
  await appservice.listen();
  const admin = await registerBySharedSecret(
    { clientUrl: server.clientUrl, sharedSecret: SHARED_SECRET },
    `admin-${(users += 1)}`,
    { admin: true },
  );
  await admin.request('PUT', `/_eyrie/admin/v1/appservices/${appservice.id}`, appservice.registration());
  const [alice, bob] = [await register('alice'), await register('bob')];
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  const bot = `@${appservice.id}-bot:${server.serverName}`;
  const invite = await alice.request<object>('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: bot });
  expect(invite).toEqual({});
  const joined = await fetch(`${server.clientUrl}/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/join`, {
    method: 'POST',
    headers: { authorization: `Bearer ${appservice.asToken}` },
    body: '{}',
  });
  expect(joined.status).toBe(200);
  await bob.join(roomId);
  await until('the memberships to come', () => appservice.eventIds().length >= 3, 30_000);
  const before = appservice.eventIds().length;
  appservice.answer = how;
  const tried = appservice.tries.length;
  const sent: string[] = [];
  for (let n = 0; n < 20; n += 1) {
    sent.push(await (n % 2 === 0 ? alice : bob).send(roomId, `message ${n}`));
    // What comes behind the transaction under way waits as positions.
    if (n === 5) await until('a transaction to be tried', () => appservice.tries.length > tried, 30_000);
  }
  expect(appservice.eventIds()).toHaveLength(before);
  await server.kill9('all');
  appservice.answer = 200;
  await server.restart();
  // Nobody sends or syncs: the queue goes on by itself.
  await until('the events to come', () => sent.every((eventId) => appservice.eventIds().includes(eventId)), 90_000);
  expect([...new Set(appservice.eventIds().slice(before))]).toEqual(sent);
  const bodies = new Map<string, Set<string>>();
  for (const { txnId, body } of appservice.tries) bodies.set(txnId, (bodies.get(txnId) ?? new Set()).add(body));
  expect([...bodies.values()].every((all) => all.size === 1)).toBe(true);
  expect(appservice.tries.length).toBeGreaterThan(bodies.size);
  await appservice.close();
});

test('kill -9 of a stream: it goes on with the same bytes, and all events come once, in order', async () => {
  const appservice = new StreamingAppservice(server.clientUrl);
  const admin = await registerBySharedSecret(
    { clientUrl: server.clientUrl, sharedSecret: SHARED_SECRET },
    `admin-${(users += 1)}`,
    { admin: true },
  );
  await admin.request('PUT', `/_eyrie/admin/v1/appservices/${appservice.id}`, appservice.registration());
  const alice = await register('alice');
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  const joined = await fetch(`${server.clientUrl}/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/join`, {
    method: 'POST',
    headers: { authorization: `Bearer ${appservice.asToken}` },
    body: '{}',
  });
  expect(joined.status).toBe(200);
  const sent = [await alice.send(roomId, 'before it connects')];
  await appservice.connect();
  await until('what waited to come', () => appservice.eventIds().includes(sent[0] ?? ''), 30_000);
  appservice.acknowledges = false;
  const before = appservice.came.length;
  for (let n = 0; n < 20; n += 1) sent.push(await alice.send(roomId, `message ${n}`));
  await until('a transaction to come', () => appservice.came.length > before, 30_000);
  const unacknowledged = appservice.came[before];
  await server.kill9('all');
  await server.restart();
  await until('the stream to go on', () => appservice.came.length > before + 1, 60_000);
  expect(appservice.came[before + 1]).toEqual(unacknowledged);
  appservice.acknowledges = true;
  appservice.reconnect();
  await until('the events to come', () => appservice.eventIds().at(-1) === sent.at(-1), 60_000);
  expect(appservice.eventIds().filter((eventId) => sent.includes(eventId))).toEqual(sent);
  // An open stream does not keep the server from stopping.
  const stopped = await server.stop();
  expect(stopped.code).toBe(0);
  await appservice.close();
});
