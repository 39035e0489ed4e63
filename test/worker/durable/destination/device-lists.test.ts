import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test, vi } from 'vitest';

import { ChangedUsers } from '../../../../src/federation/device-lists/changed-users.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { RoomReads } from '../../../../src/durable/room/room-reads.ts';
import { aPeer, aRoom, forgetPeers, joinFrom, type Peer } from '../../../support/worker/a-peer.ts';
import { bindings, config } from '../../../support/worker/a-shared-room.ts';
import { aClient, idsOf, type Client } from '../../../support/worker/client.ts';
import { aClientElsewhere } from '../../../support/worker/device-keys.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 60_000 });

const destination = (peer: Peer) => objectStubs(bindings, config).destination(peer.server.name);

/** As if everything that is kept for later were due. */
async function runDuties(peer: Peer): Promise<void> {
  await runInDurableObject(destination(peer), (_object, { storage }) => {
    storage.sql.exec('update changed_users set at = 1');
    storage.sql.exec(`update duties set at = 1 where kind = 'tell'`);
    return storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(destination(peer));
}

/** The rooms that are asked for members of a server. One of them fails, as by a defect of ours, until it is mended. */
function watchRooms(broken?: string) {
  const asked: string[] = [];
  let fails = true;
  const members = Object.getOwnPropertyDescriptor(RoomReads.prototype, 'membersOfServer')
    ?.value as RoomReads['membersOfServer'];
  vi.spyOn(RoomReads.prototype, 'membersOfServer').mockImplementation(async function askedOrFail(
    this: RoomReads,
    call,
  ) {
    asked.push(call.roomId);
    if (fails && call.roomId === broken) throw new Error('the object was reset');
    return members.call(this, call);
  });
  return { asked, mend: () => (fails = false) };
}

/** A client that knows of somebody in a room. @returns the token by which it does. */
async function knows(client: Client, roomId: string, userId: string): Promise<string> {
  const { next_batch: since } = await client.syncUntil(({ rooms }) =>
    JSON.stringify(rooms?.join?.[roomId] ?? '').includes(userId),
  );
  return since;
}

const updateOf = (userId: string) => ({
  edus: [{ edu_type: 'm.device_list_update', content: { user_id: userId, device_id: 'ONE', stream_id: 7 } }],
});

test('a room that does not answer holds up neither the transaction nor other rooms, and hears of it later', async () => {
  vi.spyOn(console, 'error').mockReturnValue();
  const peer = aPeer();
  const [alice, bob] = [await aClient('alice'), await aClientElsewhere()];
  const [whole, broken] = [await aRoom(alice), await aRoom(bob)];
  const eve = await joinFrom(peer, whole);
  await joinFrom(peer, broken);
  const since = [await knows(alice, whole, eve.userId), await knows(bob, broken, eve.userId)] as const;
  const { mend } = watchRooms(broken);
  const message = eve.event({});
  expect(await peer.send({ pdus: [message.json], ...updateOf(eve.userId) })).toMatchObject({ status: 200 });
  const isTold = ({ device_lists: lists }: { device_lists?: { changed: readonly string[] } }) =>
    lists?.changed.includes(eve.userId) === true;
  const told = await alice.syncUntil(isTold, { since: since[0] });
  await alice.syncUntil(({ rooms }) => idsOf(rooms?.join?.[whole]?.timeline.events).includes(message.eventId), {
    since: since[0],
  });
  mend();
  await runDuties(peer);
  await bob.syncUntil(isTold, { since: since[1] });
  // The shard of who heard of it before is not told again.
  expect((await alice.sync({ since: told.next_batch })).device_lists).toBeUndefined();
});

test('telling that does not end holds up no other duty, and is looked after again', async () => {
  const peer = aPeer();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const telling = vi.spyOn(ChangedUsers.prototype, 'tell').mockReturnValue(promise);
  const { userId } = await joinFrom(peer, await aRoom(await aClient('alice')));
  await peer.send(updateOf(userId));
  await runDuties(peer);
  const duties = await runInDurableObject(destination(peer), (_object, { storage }) =>
    storage.sql.exec<{ at: number }>(`select at from duties where kind = 'tell' and attempt = 0`).toArray(),
  );
  expect(duties.map(({ at }) => at > Date.now())).toEqual([true]);
  telling.mockRestore();
  resolve(undefined);
});

test('a room that did not answer is asked again after a few seconds', async () => {
  vi.spyOn(console, 'error').mockReturnValue();
  const peer = aPeer();
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const { userId } = await joinFrom(peer, roomId);
  await knows(alice, roomId, userId);
  const { mend } = watchRooms(roomId);
  await peer.send(updateOf(userId));
  const waiting = () =>
    runInDurableObject(destination(peer), (_object, { storage }) =>
      storage.sql
        .exec(
          `select duties.at <= changed_users.at as isSoon from changed_users, duties
           where kind = 'tell' and rooms is not null`,
        )
        .toArray(),
    );
  await vi.waitUntil(async () => (await waiting()).length > 0, { timeout: 45_000, interval: 20 });
  expect(await waiting()).toEqual([{ isSoon: 1 }]);
  mend();
  await runDuties(peer);
  expect(await waiting()).toEqual([]);
});

test('a change that was taken when the process ended is told by its duty', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const { userId } = await joinFrom(peer, roomId);
  const since = await knows(alice, roomId, userId);
  // Somebody whom nobody knows makes the tables.
  await peer.send(updateOf(peer.user('unknown')));
  await runInDurableObject(destination(peer), (_object, { storage }) => {
    storage.sql.exec('insert into changed_users (user_id, seq, at, attempt) values (?, 1, 1, 0)', userId);
    storage.sql.exec(`insert or replace into duties (kind, key, at, attempt) values ('tell', '', 1, 0)`);
  });
  await evictDurableObject(destination(peer));
  await runDuties(peer);
  const told = await alice.syncUntil((body) => body.device_lists !== undefined, { since });
  expect(told.device_lists).toEqual({ changed: [userId], left: [] });
});

test('of a flood of changes everybody who shares a room with a user of the server hears', async () => {
  const peer = aPeer();
  const [alice, stranger] = [await aClient('alice'), await aClient('stranger')];
  const roomId = await aRoom(alice);
  await aRoom(stranger);
  const { userId } = await joinFrom(peer, roomId);
  const since = await knows(alice, roomId, userId);
  const { next_batch: before } = await stranger.sync();
  await peer.send(updateOf(peer.user('unknown')));
  await runInDurableObject(destination(peer), (_object, { storage }) => {
    storage.sql.exec(
      `insert into changed_users (user_id, seq, at, attempt)
       with recursive n(value) as (select 1 union all select value + 1 from n where value < 1000)
       select '@u' || value || ?, value, ?, 0 from n`,
      `:${peer.server.name}`,
      Date.now() + 60_000,
    );
  });
  expect(await peer.send(updateOf(peer.user('one-more')))).toMatchObject({ status: 200 });
  const told = await alice.syncUntil((body) => body.device_lists !== undefined, { since });
  expect(told.device_lists).toEqual({ changed: [userId], left: [] });
  expect((await stranger.sync({ since: before })).device_lists).toBeUndefined();
});

test('who slept while first some rooms and then the others were told is told, wherever they are', async () => {
  vi.spyOn(console, 'error').mockReturnValue();
  const peer = aPeer();
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const [whole, broken] = [await aRoom(alice), await aRoom(bob)];
  const { userId } = await joinFrom(peer, whole);
  await joinFrom(peer, broken);
  const since = await knows(alice, whole, userId);
  const before = await knows(bob, broken, userId);
  const { mend } = watchRooms(broken);
  await peer.send(updateOf(userId));
  await alice.syncUntil((body) => body.device_lists !== undefined, { since });
  mend();
  await runDuties(peer);
  await bob.syncUntil((body) => body.device_lists?.changed.includes(userId) === true, { since: before });
  expect((await alice.sync({ since })).device_lists?.changed).toEqual([userId]);
});

test('rooms are asked once, and again where memberships changed', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const [first, second] = [await aRoom(alice), await aRoom(alice)];
  const { userId } = await joinFrom(peer, first);
  const since = await knows(alice, first, userId);
  const { asked } = watchRooms();
  const tells = async (client: Client, from: string) => {
    await peer.send(updateOf(userId));
    const told = await client.syncUntil(({ device_lists: lists }) => lists?.changed.includes(userId) === true, {
      since: from,
    });
    return told.next_batch;
  };
  const once = await tells(alice, since);
  expect(asked).toContain(first);
  asked.length = 0;
  const twice = await tells(alice, once);
  expect(asked).toEqual([]);
  await joinFrom(peer, second);
  const met = await knows(alice, second, userId);
  await tells(alice, met);
  expect(asked).toEqual([second]);
  // Somebody of a shard that was not there.
  const bob = await aClientElsewhere();
  await bob.join(first);
  const knowing = await knows(bob, first, userId);
  await tells(bob, knowing);
  await tells(alice, twice);
});
