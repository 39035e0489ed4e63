import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { RoomReads } from '../../../../src/durable/room/room-reads.ts';
import type { RoomId } from '../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aCrossSigningSet } from '../../../support/core/cross-signing.ts';
import { aPeer, aRoom, forgetPeers, joinFrom, type Peer } from '../../../support/worker/a-peer.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';
import { anotherDevice, identityOf, publishKeys } from '../../../support/worker/device-keys.ts';
import { eventually } from '../../../support/worker/eventually.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 60_000 });

const PATIENCE = { timeout: 45_000, interval: 20 };

const shardOf = ({ token }: Pick<Client, 'token'>) => (env as unknown as Env).USER.getByName(token.split('_')[1] ?? '');

const joinsOf = (client: Client) =>
  runInDurableObject(shardOf(client), (_object, { storage }) =>
    storage.sql.exec('select room_id from device_list_joins where user_id = ?', client.userId).toArray(),
  );

const outboxOf = (client: Client) =>
  runInDurableObject(shardOf(client), (_object, { storage }) =>
    storage.sql.exec('select 1 from device_list_outbox where user_id = ?', client.userId).toArray(),
  );

/** As if the time had come to tell servers of who joined, the room or all. */
async function introduce(client: Client, roomId?: RoomId): Promise<void> {
  await runInDurableObject(shardOf(client), (_object, { storage }) => {
    storage.sql.exec(
      'update device_list_joins set at = iif(room_id = coalesce(?, room_id), 1, at + 60000)',
      roomId ?? null,
    );
    storage.sql.exec(`update duties set at = 1 where kind = 'device-lists'`);
    return storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(shardOf(client));
}

/** Makes the object of a room fail, as a defect of ours would. */
function breakRoom(roomId: string): void {
  const audience = Object.getOwnPropertyDescriptor(RoomReads.prototype, 'audience')?.value as RoomReads['audience'];
  vi.spyOn(RoomReads.prototype, 'audience').mockImplementation(async function audienceOrFail(this: RoomReads, call) {
    if (call.roomId === roomId) throw new Error('the object was reset');
    return audience.call(this, call);
  });
}

const heard = (peer: Peer, type = 'm.device_list_update') =>
  peer.edus().flatMap(({ edu_type: of, content }) => (of === type ? [content as JsonObject] : []));

/** A room of somebody else, with a user of the peer in it. */
async function aRoomWith(peer: Peer): Promise<RoomId> {
  const roomId = await aRoom(await aClient('host'));
  await joinFrom(peer, roomId);
  return roomId;
}

/** A user with two devices, of which everybody knows who is to. */
async function withTwoDevices(): Promise<readonly [Client, Client]> {
  const alice = await aClient('alice');
  await publishKeys(alice, 'first');
  const other = await anotherDevice(alice);
  await vi.waitUntil(async () => (await outboxOf(alice)).length === 0, PATIENCE);
  return [alice, other];
}

async function joins(client: Client, roomId: string): Promise<void> {
  await client.join(roomId);
  await vi.waitUntil(async () => (await joinsOf(client)).some((join) => join['room_id'] === roomId), PATIENCE);
}

test('servers of a room that a user joins are told of each device, and later changes follow on that', async () => {
  const peer = aPeer();
  const [alice, other] = await withTwoDevices();
  const { body } = aCrossSigningSet(alice);
  await alice.ask('POST', '/keys/device_signing/upload', body);
  await joins(alice, await aRoomWith(peer));
  await introduce(alice);
  const told = await eventually(() => {
    expect(heard(peer)).toHaveLength(2);
    return heard(peer);
  });
  expect(new Set(told.map(({ device_id: id }) => id))).toEqual(new Set([alice.deviceId, other.deviceId]));
  expect(told.map(({ stream_id: id, prev_id: before }) => [id, before])).toEqual([
    [1, []],
    [2, [1]],
  ]);
  expect(told).toContainEqual(expect.objectContaining({ keys: identityOf(alice, 'first') }));
  await eventually(() => expect(heard(peer, 'm.signing_key_update')).toHaveLength(1));
  expect(heard(peer, 'm.signing_key_update')[0]).toMatchObject({ user_id: alice.userId, master_key: body.master_key });
  await publishKeys(alice, 'second');
  await eventually(() => expect(heard(peer)[2]).toMatchObject({ stream_id: 3, prev_id: [2] }));
});

test('a server that shares another room with the user is told nothing', async () => {
  const [peer, known] = [aPeer(), aPeer()];
  const [alice] = await withTwoDevices();
  const both = await aRoomWith(peer);
  await joins(alice, await aRoomWith(known));
  await introduce(alice);
  await eventually(() => expect(heard(known)).toHaveLength(2));
  await joinFrom(known, both);
  await joins(alice, both);
  await introduce(alice);
  await eventually(() => expect(heard(peer)).toHaveLength(2));
  expect(heard(known)).toHaveLength(2);
  expect(await joinsOf(alice)).toEqual([]);
});

test('a server of which the user joins two rooms, one soon after the other, is told once', async () => {
  const peer = aPeer();
  const [alice] = await withTwoDevices();
  const [first, second] = [await aRoomWith(peer), await aRoomWith(peer)];
  await joins(alice, first);
  await joins(alice, second);
  await introduce(alice, first);
  await eventually(() => expect(heard(peer)).toHaveLength(2));
  await introduce(alice);
  expect(await joinsOf(alice)).toEqual([]);
  expect(heard(peer)).toHaveLength(2);
});

test('a joined room that does not answer holds up no change that others are to be told of', async () => {
  vi.spyOn(console, 'error').mockReturnValue();
  const peer = aPeer();
  const [alice] = await withTwoDevices();
  await joins(alice, await aRoomWith(peer));
  await introduce(alice);
  await eventually(() => expect(heard(peer)).toHaveLength(2));
  const broken = await aRoomWith(aPeer());
  await joins(alice, broken);
  breakRoom(broken);
  await introduce(alice);
  await publishKeys(alice, 'second');
  await eventually(() => expect(heard(peer)[2]).toMatchObject({ stream_id: 3, prev_id: [2] }));
  expect(await joinsOf(alice)).toEqual([{ room_id: broken }]);
});

test('of who has no keys nothing is kept, and of who joins a room of this server alone nothing is told', async () => {
  const alice = await aClient('alice');
  const roomId = await aRoom(await aClient('host'));
  await alice.join(roomId);
  await alice.syncUntil(({ rooms }) => rooms?.join?.[roomId] !== undefined);
  expect(await joinsOf(alice)).toEqual([]);
  await publishKeys(alice);
  await joins(alice, await aRoom(await aClient('host')));
  await introduce(alice);
  expect(await joinsOf(alice)).toEqual([]);
});

test('a join that was noted when the process ended is told of all the same', async () => {
  const peer = aPeer();
  const [alice] = await withTwoDevices();
  await joins(alice, await aRoomWith(peer));
  await evictDurableObject(shardOf(alice));
  await introduce(alice);
  await eventually(() => expect(heard(peer)).toHaveLength(2));
  expect(await joinsOf(alice)).toEqual([]);
});
