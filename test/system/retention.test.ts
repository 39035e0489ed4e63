// Two servers, of which one keeps messages for a day and the other for ever (docs/settings.md, "Messages that expire")
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient, type ClientEvent } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

const LONG = { timeout: 180_000 };
const TWO_DAYS = 172_800_000;
/** Imports what was said before. */
const IMPORTER = { id: 'importer', asToken: 'the-token-of-the-importer', bot: 'importer' };

let keeper: EyrieServer;
let other: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;
let roomId: string;

beforeAll(async () => {
  [keeper, other] = await startTwoEyries();
  alice = await new MatrixClient(keeper.clientUrl).register('alice', 'correct horse', keeper.bootstrapToken);
  bob = await new MatrixClient(other.clientUrl).register('bob', 'correct horse', other.bootstrapToken);
  await alice.request('PUT', `/_eyrie/admin/v1/appservices/${IMPORTER.id}`, {
    id: IMPORTER.id,
    url: null,
    as_token: IMPORTER.asToken,
    hs_token: 'nobody-is-told-this-one',
    sender_localpart: IMPORTER.bot,
    namespaces: { users: [], aliases: [], rooms: [] },
  });
  await bob.request('PUT', '/_eyrie/admin/v1/settings', { settings: { 'retention.default_days': 1 } });
  roomId = await alice.createRoom({ preset: 'public_chat' });
  await asImporter('POST', `/join/${encodeURIComponent(roomId)}`, {});
});
afterAll(() => Promise.all([keeper.remove(), other.remove()]));

async function asImporter(method: string, path: string, body: object): Promise<{ readonly event_id: string }> {
  const answer = await fetch(`${keeper.clientUrl}/_matrix/client/v3${path}`, {
    method,
    headers: { authorization: `Bearer ${IMPORTER.asToken}` },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { event_id: string };
}

let imported = 0;
/** Something that was said two days ago. */
const saidLongAgo = (body: string) =>
  asImporter(
    'PUT',
    `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/i${(imported += 1)}?ts=${Date.now() - TWO_DAYS}`,
    { msgtype: 'm.text', body },
  );

const texts = (events: readonly ClientEvent[]) =>
  events.flatMap(({ type, content }) => (type === 'm.room.message' ? [String(content['body'])] : []));

/** All that somebody can page back to. */
async function readBy(client: MatrixClient): Promise<readonly string[]> {
  const read: string[] = [];
  let from: string | undefined;
  do {
    const query = { dir: 'b', limit: 10, from };
    const path = `/rooms/${encodeURIComponent(roomId)}/messages`;
    const page = await client.request<{ chunk: ClientEvent[]; end?: string }>('GET', path, undefined, { query });
    read.push(...texts(page.chunk));
    from = page.end;
  } while (from !== undefined);
  return read.toReversed();
}

const reads = (client: MatrixClient, expected: readonly string[]) =>
  until(
    expected.join(', '),
    async () => {
      expect(await readBy(client)).toEqual(expected);
      return true;
    },
    60_000,
  );

test('the room goes on for both: one reads what is young, the other all, also after an outage', LONG, async () => {
  for (const body of ['old 1', 'old 2', 'old 3']) await saidLongAgo(body);
  await alice.send(roomId, 'young 1');
  await bob.join(roomId, [keeper.serverName]);
  await reads(bob, ['young 1']);
  const { event_id: late } = await saidLongAgo('late');
  await alice.send(roomId, 'young 2');
  await reads(bob, ['young 1', 'young 2']);
  expect(await bob.tryRequest('GET', `/rooms/${encodeURIComponent(roomId)}/event/${late}`)).toMatchObject({
    status: 404,
  });
  await bob.send(roomId, 'young 3');
  const all = ['old 1', 'old 2', 'old 3', 'young 1', 'late', 'young 2', 'young 3'];
  await reads(alice, all);
  await other.kill9('all');
  await saidLongAgo('late, too');
  await alice.send(roomId, 'young 4');
  await other.launch().ready();
  await reads(bob, ['young 1', 'young 2', 'young 3', 'young 4']);
  await bob.send(roomId, 'young 5');
  await reads(alice, [...all, 'late, too', 'young 4', 'young 5']);
});

test("with the room's own rule both let go, and who comes later is given nothing of it", LONG, async () => {
  await alice.request('PUT', `/rooms/${encodeURIComponent(roomId)}/state/m.room.retention/`, {
    max_lifetime: TWO_DAYS / 2,
  });
  const young = ['young 1', 'young 2', 'young 3', 'young 4', 'young 5'];
  await reads(alice, young);
  const carol = await new MatrixClient(other.clientUrl).register('carol');
  await carol.join(roomId, [keeper.serverName]);
  await reads(carol, young);
  await alice.send(roomId, 'young 6');
  await reads(bob, [...young, 'young 6']);
});
