import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';
import { aClientElsewhere, publishKeys } from '../../../support/worker/device-keys.ts';

const bindings = env as unknown as Env;
const shardOf = ({ token }: Pick<Client, 'token'>) => bindings.USER.getByName(token.split('_')[1] ?? '');

/** Two users in a room, in shards of their own, and a token of the first that knows the second. */
async function twoShards() {
  const [alice, bob] = [await aClientElsewhere(), await aClientElsewhere()];
  const roomId = await alice.create();
  await bob.join(roomId);
  const last = await bob.say(roomId, 'by now');
  const { next_batch: since } = await alice.syncUntil(
    ({ rooms }) => rooms?.join?.[roomId]?.timeline.events.some(({ event_id: id }) => id === last) === true,
  );
  return { alice, bob, roomId, since };
}

test('a change that was made when the shard died is told by its duty', async () => {
  const { alice, bob, since } = await twoShards();
  await runInDurableObject(shardOf(bob), (_instance, { storage }) => {
    storage.sql.exec(
      `insert into device_list_outbox (user_id, device_id, stream_id, seq) values (?, 'LOST', 1, 1)`,
      bob.userId,
    );
    storage.sql.exec(`insert into duties (kind, key, at, attempt) values ('device-lists', ?, 1, 0)`, bob.userId);
    return storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(shardOf(bob));
  const told = await alice.syncUntil((body) => body.device_lists !== undefined, { since });
  expect(told.device_lists).toEqual({ changed: [bob.userId], left: [] });
  const left = await runInDurableObject(shardOf(bob), (_instance, { storage }) => [
    ...storage.sql.exec('select 1 from device_list_outbox'),
    ...storage.sql.exec(`select 1 from duties where kind = 'device-lists'`),
  ]);
  expect(left).toEqual([]);
});

test('a token from before what a shard remembers is answered with everybody', async () => {
  const { alice, bob, since } = await twoShards();
  await runInDurableObject(shardOf(alice), (_instance, { storage }) => {
    const seq = Number(/_(\d+)_/.exec(since)?.[1]) + 1;
    storage.sql.exec(`insert into meta (key, value) values ('device_lists_forgotten', ?)`, String(seq));
  });
  await publishKeys(alice);
  const told = await alice.syncUntil((body) => body.device_lists !== undefined, { since });
  expect(told.device_lists?.changed.toSorted()).toEqual([alice.userId, bob.userId].toSorted());
});

test('of more changes than are kept the oldest go, and who asks for them is told of everybody', async () => {
  const { alice, bob, since } = await twoShards();
  const shard = shardOf(alice);
  await runInDurableObject(shard, (_instance, { storage }) => {
    storage.sql.exec(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 20600)
       insert into device_list_changes (user_id, viewer, seq, rooms) select '@' || i || ':far.test', '', ?, '[]' from n`,
      Number(/_(\d+)_/.exec(since)?.[1]) + 1,
    );
  });
  await evictDurableObject(shard);
  await publishKeys(alice);
  const told = await alice.syncUntil((body) => body.device_lists !== undefined, { since });
  expect(told.device_lists?.changed).toContain(bob.userId);
  const { kept } = await runInDurableObject(shard, (_instance, { storage }) =>
    storage.sql.exec('select count(*) as kept from device_list_changes').one(),
  );
  expect(kept).toBe(20_000);
});

test('for a message nothing is written about device lists', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const counted = () =>
    runInDurableObject(shardOf(alice), (_instance, { storage }) =>
      storage.sql
        .exec(
          'select (select max(seq) from member_changes) as members, (select max(seq) from device_list_changes) as lists',
        )
        .one(),
    );
  const seen = async (eventId: string) =>
    alice.syncUntil(
      ({ rooms }) => rooms?.join?.[roomId]?.timeline.events.some(({ event_id: id }) => id === eventId) === true,
    );
  await seen(await alice.say(roomId, 'first'));
  const before = await counted();
  await seen(await alice.say(roomId, 'second'));
  expect(await counted()).toEqual(before);
});
