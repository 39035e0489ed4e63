import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aPeer, aRoom, federation, forgetPeers, joinFrom, type Peer } from '../../../support/worker/a-peer.ts';
import { anAdministrator, ask } from '../../../support/worker/ask.ts';
import { bindings, config } from '../../../support/worker/a-shared-room.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';
import { identityOf } from '../../../support/worker/device-keys.ts';
import { eventually } from '../../../support/worker/eventually.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 60_000 });

const QUERY = `${federation}/user/keys/query`;
const DEVICES = `${federation}/user/devices/`;
const away = () => new Response('away', { status: 502 });

/** What a user of a peer publishes, and how the peer tells it. */
class RemoteUser {
  readonly peer: Peer;
  readonly userId: string;
  readonly devices = new Map<string, string>();
  streamId = 1;

  constructor(peer: Peer, name = 'eve') {
    this.peer = peer;
    this.userId = peer.user(name);
    this.devices.set('ONE', 'first');
    this.answers();
  }

  keysOf(deviceId: string): JsonObject {
    return identityOf({ userId: this.userId, deviceId }, this.devices.get(deviceId));
  }

  answers(): void {
    this.peer.reply(QUERY, ({ body }) => {
      const asked = (body?.['device_keys'] ?? {}) as JsonObject;
      return { device_keys: asked[this.userId] === undefined ? {} : { [this.userId]: this.all() } };
    });
    this.peer.reply(DEVICES, () => ({
      user_id: this.userId,
      stream_id: this.streamId,
      devices: [...this.devices.keys()].map((id) => ({ device_id: id, keys: this.keysOf(id) })),
    }));
  }

  isAway(): void {
    this.peer.reply(QUERY, away);
    this.peer.reply(DEVICES, away);
  }

  all(): JsonObject {
    return Object.fromEntries([...this.devices.keys()].map((id) => [id, this.keysOf(id)]));
  }

  /** The device has other keys, and the peer tells of it. */
  async changes(deviceId: string, key: string, prevIds: readonly number[] = [this.streamId]): Promise<void> {
    this.devices.set(deviceId, key);
    this.streamId += 1;
    const content = { user_id: this.userId, device_id: deviceId, stream_id: this.streamId, prev_id: prevIds };
    const edu = { edu_type: 'm.device_list_update', content: { ...content, keys: this.keysOf(deviceId) } };
    const { status } = await this.peer.send({ edus: [edu] });
    if (status !== 200) throw new Error(`the update was answered with ${status}`);
  }

  asked(start: string): number {
    return this.peer.received.filter(({ target }) => target.startsWith(start)).length;
  }
}

async function keysSeenBy(client: Client, userId: string, timeout = 10_000) {
  const { status, body } = await client.ask('POST', '/keys/query', { device_keys: { [userId]: [] }, timeout });
  expect(status).toBe(200);
  const devices = (body['device_keys'] as Record<string, Record<string, { keys: Record<string, string> }>>)[userId];
  return {
    keys: Object.fromEntries(Object.entries(devices ?? {}).map(([id, { keys }]) => [id, keys[`ed25519:${id}`] ?? ''])),
    failures: Object.keys(body['failures'] as object),
  };
}

/** Alice, and Eve of a peer in her room, of whom she knows. */
async function met() {
  const peer = aPeer();
  const eve = new RemoteUser(peer);
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const member = await joinFrom(peer, roomId);
  await alice.syncUntil(({ rooms }) => JSON.stringify(rooms?.join?.[roomId] ?? '').includes(eve.userId));
  return { peer, eve, alice, roomId, member };
}

const destination = (peer: Peer) => objectStubs(bindings, config).destination(peer.server.name);

/** The list is known to be right, under a stream ID of the peer. */
async function isKept(eve: RemoteUser): Promise<void> {
  await eventually(async () => {
    const rows = await runInDurableObject(destination(eve.peer), (_object, { storage }) =>
      storage.sql.exec('select stream_id, is_current from device_lists').toArray(),
    );
    expect(rows).toEqual([{ stream_id: eve.streamId, is_current: 1 }]);
  });
}

test('who shares a room is answered from what is kept, once it was asked for, also while the server is away', async () => {
  const { eve, alice } = await met();
  expect(await keysSeenBy(alice, eve.userId)).toEqual({ keys: { ONE: 'first' }, failures: [] });
  expect(await keysSeenBy(alice, eve.userId)).toEqual({ keys: { ONE: 'first' }, failures: [] });
  expect(eve.asked(QUERY)).toBe(1);
  eve.isAway();
  expect(await keysSeenBy(alice, eve.userId)).toEqual({ keys: { ONE: 'first' }, failures: [] });
  await evictDurableObject(destination(eve.peer));
  expect(await keysSeenBy(alice, eve.userId)).toEqual({ keys: { ONE: 'first' }, failures: [] });
});

test('of a server that is away and of whose user nothing is kept a failure is told', async () => {
  const { peer, eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  eve.isAway();
  const other = peer.user('other');
  const { body } = await alice.ask('POST', '/keys/query', { device_keys: { [eve.userId]: [], [other]: [] } });
  expect(Object.keys(body['device_keys'] as object)).toEqual([eve.userId]);
  expect(body['failures']).toEqual({ [peer.server.name]: {} });
});

test('who shares no room is asked for each time', async () => {
  const { eve } = await met();
  const stranger = await aClient('stranger');
  await keysSeenBy(stranger, eve.userId);
  await keysSeenBy(stranger, eve.userId);
  expect(eve.asked(QUERY)).toBe(2);
});

test('updates that follow one another are applied, and then nobody is asked', async () => {
  const { eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  // The first one has nothing to follow on.
  await eve.changes('ONE', 'second');
  await isKept(eve);
  const [queries, fetched] = [eve.asked(QUERY), eve.asked(DEVICES)];
  await eve.changes('TWO', 'new');
  await eve.changes('ONE', 'third');
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'third', TWO: 'new' });
  const gone = { user_id: eve.userId, device_id: 'TWO', stream_id: 5, prev_id: [eve.streamId], deleted: true };
  await eve.peer.send({ edus: [{ edu_type: 'm.device_list_update', content: gone }] });
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'third' });
  expect([eve.asked(QUERY), eve.asked(DEVICES)]).toEqual([queries, fetched]);
});

test('cross-signing keys that the server tells of take the place of those that are kept', async () => {
  const { eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  const master = { user_id: eve.userId, usage: ['master'], keys: { 'ed25519:new': 'new' } };
  const content = { user_id: eve.userId, master_key: master };
  await eve.peer.send({ edus: [{ edu_type: 'm.signing_key_update', content }] });
  eve.isAway();
  const { body } = await alice.ask('POST', '/keys/query', { device_keys: { [eve.userId]: [] } });
  expect(body['master_keys']).toEqual({ [eve.userId]: master });
});

test.each([
  ['an update is missing', { prev_id: [7], stream_id: 9 }],
  ['an update says nothing of those before', { stream_id: 9 }],
  ['an update is not understood', { prev_id: 'nonsense', stream_id: 9 }],
])('where %s the list is fetched anew, without anybody asking', async (_name, fields) => {
  const { eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  await eve.changes('ONE', 'second');
  await isKept(eve);
  eve.devices.set('TWO', 'missed');
  eve.streamId = 9;
  const content = { user_id: eve.userId, device_id: 'ONE', keys: eve.keysOf('ONE'), ...fields };
  await eve.peer.send({ edus: [{ edu_type: 'm.device_list_update', content }] });
  await isKept(eve);
  eve.isAway();
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'second', TWO: 'missed' });
});

test('a list that could not be fetched anew is told as it was while the server is away, and whoever got it is told again', async () => {
  const { peer, eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  eve.isAway();
  const { next_batch: before } = await alice.sync();
  await eve.changes('ONE', 'second');
  await eventually(() => expect(eve.asked(DEVICES)).toBe(1));
  const { next_batch: since } = await alice.syncUntil((body) => body.device_lists !== undefined, { since: before });
  expect((await keysSeenBy(alice, eve.userId, 500)).keys).toEqual({ ONE: 'first' });
  eve.answers();
  await runInDurableObject(destination(peer), (_object, { storage }) => {
    storage.sql.exec(`delete from meta where key = 'reachability'`);
    storage.sql.exec('update device_lists set resync_at = 1');
    storage.sql.exec(`update duties set at = 1 where kind = 'resync'`);
  });
  await evictDurableObject(destination(peer));
  await runInDurableObject(destination(peer), (_object, { storage }) => storage.setAlarm(Date.now() + 60_000));
  await runDurableObjectAlarm(destination(peer));
  await isKept(eve);
  eve.isAway();
  await alice.syncUntil(({ device_lists: lists }) => lists?.changed.includes(eve.userId) === true, { since });
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'second' });
});

test('who left and came back is asked for anew, whatever was kept', async () => {
  const { eve, alice, roomId, peer } = await met();
  await keysSeenBy(alice, eve.userId);
  const { next_batch: since } = await alice.sync();
  await alice.inRoom('POST', roomId, 'kick', { user_id: eve.userId });
  await alice.syncUntil(({ device_lists: lists }) => lists?.left.includes(eve.userId) === true, { since });
  // Nobody is told of it.
  eve.devices.set('ONE', 'second');
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'second' });
  eve.devices.set('ONE', 'third');
  await joinFrom(peer, roomId);
  await alice.syncUntil(({ device_lists: lists }) => lists?.changed.includes(eve.userId) === true, { since });
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'third' });
  eve.isAway();
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'third' });
});

test('keys that are not the asked device or user are neither told nor kept', async () => {
  const { eve, alice } = await met();
  const wrong = { ...eve.keysOf('ONE'), device_id: 'OTHER' };
  const long = { ...eve.keysOf('LONG'), long: 'x'.repeat(70_000) };
  eve.peer.reply(QUERY, () => ({ device_keys: { [eve.userId]: { ...eve.all(), WRONG: wrong, LONG: long } } }));
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'first' });
  eve.isAway();
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'first' });
});

test('a user whose devices are all gone is told without any, and one of whom the server says nothing is missing', async () => {
  const { peer, eve, alice } = await met();
  const nobody = peer.user('nobody');
  const query = async () => {
    const { body } = await alice.ask('POST', '/keys/query', { device_keys: { [eve.userId]: [], [nobody]: [] } });
    return body['device_keys'];
  };
  expect(await query()).toEqual({ [eve.userId]: eve.all() });
  eve.devices.clear();
  eve.streamId += 1;
  const content = { user_id: eve.userId, device_id: 'ONE', stream_id: eve.streamId, deleted: true };
  await peer.send({ edus: [{ edu_type: 'm.device_list_update', content }] });
  await isKept(eve);
  expect(await query()).toEqual({ [eve.userId]: {} });
});

test('a list that has become too long is not kept any more, not as it was either', async () => {
  const { peer, eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  await runInDurableObject(destination(peer), (_object, { storage }) => {
    storage.sql.exec('update device_lists set checked_at = 0');
  });
  const names = Array.from({ length: 9 }, (_none, at) => `LONG${at}`);
  for (const name of names) eve.devices.set(name, 'x'.repeat(60_000));
  expect(Object.keys((await keysSeenBy(alice, eve.userId)).keys).toSorted()).toEqual([...names, 'ONE']);
  eve.isAway();
  expect(await keysSeenBy(alice, eve.userId)).toEqual({ keys: {}, failures: [peer.server.name] });
});

test('of a list that is kept only the devices are told that were asked for', async () => {
  const { eve, alice } = await met();
  eve.devices.set('TWO', 'second');
  const query = async () => {
    const { body } = await alice.ask('POST', '/keys/query', { device_keys: { [eve.userId]: ['TWO'] } });
    return Object.keys((body['device_keys'] as Record<string, object>)[eve.userId] ?? {});
  };
  expect([await query(), await query()]).toEqual([['TWO'], ['TWO']]);
  expect(eve.asked(QUERY)).toBe(1);
});

test('after a restore what was kept is not believed', async () => {
  const { eve, alice } = await met();
  await keysSeenBy(alice, eve.userId);
  // Of this we have been told, and forgot it.
  eve.devices.set('ONE', 'second');
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'first' });
  const { token } = await anAdministrator();
  expect(await ask('POST', '/_eyrie/admin/v1/restored', { token })).toMatchObject({ status: 200 });
  expect((await keysSeenBy(alice, eve.userId)).keys).toEqual({ ONE: 'second' });
});
