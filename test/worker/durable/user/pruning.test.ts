import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const bindings = env as unknown as Env;
const C = '/_matrix/client/v3';
const EIGHT_DAYS_MS = 8 * 86_400_000;

interface JoinedRoom {
  readonly timeline: { readonly limited: boolean; readonly events: readonly { readonly content: object }[] };
}

test('the log of a shard and the transaction IDs of a room are forgotten after a week; an older token starts anew', async () => {
  const { token } = await aLoggedInUser('prune');
  const created = await ask('POST', `${C}/createRoom`, { token, body: {} });
  const roomId = String(created.body['room_id']);
  const room = bindings.ROOM.getByName(roomId);
  const shard = bindings.USER.getByName(token.split('_')[1] ?? '');
  const say = (text: string) =>
    ask('PUT', `${C}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${text}`, { token, body: { body: text } });
  const logged = () =>
    runInDurableObject(shard, (_instance, { storage }) =>
      storage.sql.exec<{ ts: number }>('select ts from progress where room_id = ? order by seq', roomId).toArray(),
    );
  const head = () =>
    runInDurableObject(shard, (_instance, { storage }) =>
      Number(storage.sql.exec('select max(seq) as seq from progress').one()['seq']),
    );
  const sayAndWait = async (text: string) => {
    const before = await head();
    await say(text);
    await eventually(async () => expect(await head()).toBeGreaterThan(before));
  };
  const syncOf = async (since: string) => {
    const query = since === '' ? '' : `?since=${encodeURIComponent(since)}`;
    const { body } = await ask('GET', `${C}/sync${query}`, { token });
    const joined = (body['rooms'] as { readonly join: Readonly<Record<string, JoinedRoom>> } | undefined)?.join;
    return { nextBatch: String(body['next_batch']), room: joined?.[roomId] };
  };
  await sayAndWait('first');
  const { nextBatch: old } = await syncOf('');
  for (const text of ['a', 'b', 'c']) await sayAndWait(text);
  await runInDurableObject(shard, (_instance, { storage }) => {
    storage.sql.exec('update progress set ts = ts - ?', EIGHT_DAYS_MS);
  });
  await runInDurableObject(room, (_instance, { storage }) => {
    storage.sql.exec('update transactions set ts = ts - ?', EIGHT_DAYS_MS);
  });
  for (const text of ['d', 'e', 'f', 'g']) await sayAndWait(text);

  const weekAgo = Date.now() - EIGHT_DAYS_MS + 86_400_000;
  expect((await logged()).filter(({ ts }) => ts < weekAgo)).toHaveLength(1);
  const kept = await runInDurableObject(room, (_instance, { storage }) =>
    storage.sql.exec('select txn_id from transactions order by txn_id').toArray(),
  );
  expect(kept.map(({ txn_id: id }) => id)).toEqual(['d', 'e', 'f', 'g']);
  const late = await syncOf(old);
  expect(late.room?.timeline.limited).toBe(true);
  expect(late.room?.timeline.events.at(-1)?.content).toEqual({ body: 'g' });
});
