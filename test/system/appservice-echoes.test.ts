import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { ReceivingAppservice } from '../support/node/receiving-appservice.ts';
import { registerBySharedSecret } from '../support/node/shared-secret-user.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

const SHARED_SECRET = 'a shared secret of the tests';

interface Pushed {
  readonly event_id: string;
  readonly type: string;
  readonly state_key?: string;
  readonly unsigned?: Record<string, unknown>;
}

let host: EyrieServer;
let server: EyrieServer;
const appservice = new ReceivingAppservice();
beforeAll(async () => {
  [host, server] = await startTwoEyries({ registrationSharedSecret: SHARED_SECRET });
  await appservice.listen();
});
afterAll(() => Promise.all([host.remove(), server.remove(), appservice.close()]));

test('what it does in a room of another server comes back marked, its join too, and nobody there sees the mark', async () => {
  const { clientUrl } = server;
  const admin = await registerBySharedSecret({ clientUrl, sharedSecret: SHARED_SECRET }, 'admin', { admin: true });
  await admin.request('PUT', `/_eyrie/admin/v1/appservices/${appservice.id}`, appservice.registration());
  const alice = await new MatrixClient(host.clientUrl).register('alice');
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  const bot = `@${appservice.id}-bot:${server.serverName}`;
  const asBot = async (method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${appservice.asToken}` };
    const answer = await fetch(`${clientUrl}/_matrix/client/v3${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { event_id: string };
  };
  await asBot('POST', `/join/${encodeURIComponent(roomId)}?via=${encodeURIComponent(host.serverName)}`, {});
  const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/transaction-1`;
  const { event_id: said } = await asBot('PUT', path, { msgtype: 'm.text', body: 'hello' });
  const events = () => appservice.taken.flatMap(({ body }) => (JSON.parse(body) as { events: Pushed[] }).events);
  await until('the message to come', () => events().some((event) => event.event_id === said), 30_000);
  const marksOf = (event: Pushed | undefined) => [
    event?.unsigned?.['eyrie.appservice_id'],
    event?.unsigned?.['transaction_id'],
  ];
  const join = events().find(({ type, state_key: key }) => type === 'm.room.member' && key === bot);
  expect(marksOf(join)).toEqual([appservice.id, undefined]);
  expect(marksOf(events().find((event) => event.event_id === said))).toEqual([appservice.id, 'transaction-1']);
  await until('the message to arrive', async () =>
    (await alice.messages(roomId)).chunk.some((event) => event.event_id === said),
  );
  const seen = JSON.stringify(await alice.event(roomId, said));
  expect(seen).not.toContain('eyrie.appservice_id');
  expect(seen).not.toContain('transaction-1');
});
