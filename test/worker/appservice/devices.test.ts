import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { appservicesOf } from '../../../src/durable/appservices.ts';
import {
  aReceivingAppservice,
  stubAppservices,
  stubAppservicesBeside,
  type ReceivingAppservice,
} from '../../support/worker/a-receiving-appservice.ts';
import { aPeer, aRoom, joinFrom } from '../../support/worker/a-peer.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../support/worker/an-appservice.ts';
import { aClient } from '../../support/worker/client.ts';
import { aClientElsewhere, identityOf, publishKeys } from '../../support/worker/device-keys.ts';
import { eventually } from '../../support/worker/eventually.ts';
import { sent200, to } from '../../support/worker/to-device.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;
const TRACKS = { receive_ephemeral: true, 'org.matrix.msc3202': true };

beforeAll(stubAppservices);
afterAll(() => vi.restoreAllMocks());

const objectOf = ({ id }: TestAppservice) => bindings.APPSERVICE.getByName(id);
const joinAs = (appservice: TestAppservice, userId: string, roomId: string) =>
  askAs(appservice, userId, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, {});
const leaveAs = (appservice: TestAppservice, userId: string, roomId: string) =>
  askAs(appservice, userId, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/leave`, {});

interface Told {
  readonly changed: readonly string[];
  readonly left: readonly string[];
}

/** What it was told of device lists, in order. */
const toldOf = (appservice: ReceivingAppservice): Told => {
  const lists = appservice
    .taken()
    .flatMap(({ body }) => (JSON.parse(body) as Record<string, Told>)['org.matrix.msc3202.device_lists'] ?? []);
  return { changed: lists.flatMap(({ changed }) => changed), left: lists.flatMap(({ left }) => left) };
};

/** What it was told last of the keys of a user's devices. */
const countsOf = (appservice: ReceivingAppservice, userId: string) => {
  const parts = appservice.taken().map(({ body }) => JSON.parse(body) as Record<string, Record<string, unknown>>);
  const last = (name: string) => parts.flatMap((body) => body[`org.matrix.msc3202.${name}`]?.[userId] ?? []).at(-1);
  return {
    oneTimeKeys: last('device_one_time_keys_count'),
    unusedFallbackKeys: last('device_unused_fallback_key_types'),
  };
};

/** An application service with a user of its own in a room of alice, who is in a shard of her own. */
async function aSharedRoom(changes: object = TRACKS) {
  const appservice = await aReceivingAppservice({ ...changes });
  const ghost = await anOwnedUser(appservice);
  const alice = await aClientElsewhere();
  const roomId = await alice.create();
  expect((await joinAs(appservice, ghost, roomId)).status).toBe(200);
  return { appservice, ghost, alice, roomId };
}

/** The same, when it knows the room, and was told of alice. */
async function aKnownRoom() {
  const shared = await aSharedRoom();
  await eventually(() => expect(toldOf(shared.appservice).changed).toContain(shared.alice.userId));
  return shared;
}

const timesTold = (appservice: ReceivingAppservice, userId: string) =>
  toldOf(appservice).changed.filter((one) => one === userId).length;

/** A device of a user of the application service, with keys. */
async function anOwnedDevice(appservice: TestAppservice, userId: string, keys: object = {}) {
  const device = { userId, deviceId: 'BRIDGE' };
  await askAs(appservice, userId, 'PUT', `${v3}/devices/BRIDGE`, {});
  const body = { device_keys: identityOf(device), ...keys };
  const uploaded = await askAs(appservice, userId, 'POST', `${v3}/keys/upload?device_id=BRIDGE`, body);
  expect(uploaded).toMatchObject({ status: 200 });
  return device;
}

/** Ends the back-off, as time does. */
async function waitIsOver(appservice: TestAppservice): Promise<void> {
  await runInDurableObject(objectOf(appservice), (_instance, { storage }) => {
    storage.sql.exec(`update meta set value = json_set(value, '$.until', 0) where key = 'health'`);
    storage.sql.exec('update duties set at = 1');
  });
  await runDurableObjectAlarm(objectOf(appservice));
}

test('whose devices change in a room with a user of its own is told, and of strangers nothing', async () => {
  const { appservice, alice, ghost } = await aKnownRoom();
  const [near, stranger] = [await aClient('near'), await aClient('stranger')];
  const other = await near.create();
  await joinAs(appservice, ghost, other);
  await eventually(() => expect(timesTold(appservice, near.userId)).toBe(1));
  await stranger.create();
  await publishKeys(stranger);
  for (const client of [alice, near]) await publishKeys(client);
  await eventually(() => {
    expect(timesTold(appservice, alice.userId)).toBe(2);
    expect(timesTold(appservice, near.userId)).toBe(2);
  });
  await publishKeys(alice);
  await eventually(() => expect(timesTold(appservice, alice.userId)).toBe(3));
  expect(toldOf(appservice)).toEqual({ changed: expect.not.arrayContaining([stranger.userId]), left: [] });
});

test('users of the namespace are told of wherever they are', async () => {
  const appservice = await aReceivingAppservice(TRACKS);
  const ghost = await anOwnedUser(appservice);
  await anOwnedDevice(appservice, ghost);
  await eventually(() => expect(toldOf(appservice)).toEqual({ changed: [ghost], left: [] }));
});

test('one whose registration does not say so is told nothing', async () => {
  const { appservice, alice, ghost, roomId } = await aSharedRoom({ receive_ephemeral: true });
  const device = await anOwnedDevice(appservice, ghost, { one_time_keys: { 'signed_curve25519:A': { key: 'a' } } });
  await publishKeys(alice);
  await sent200(alice, to(device, 1));
  await leaveAs(appservice, ghost, roomId);
  await joinAs(appservice, ghost, roomId);
  await appservice.hears(await alice.say(roomId, 'hello'));
  expect(
    appservice
      .taken()
      .map(({ body }) => body)
      .join('\n'),
  ).not.toContain('msc3202');
});

test('who leaves the last shared room has left, and not before; who comes back is told as changed', async () => {
  const { appservice, alice, ghost, roomId } = await aKnownRoom();
  const second = await alice.create();
  await joinAs(appservice, ghost, second);
  await eventually(() => expect(timesTold(appservice, alice.userId)).toBe(2));
  const bob = await aClient('bob');
  for (const room of [roomId, second]) await bob.join(room);
  await alice.inRoom('POST', roomId, 'leave', {});
  const said = await bob.say(second, 'by now');
  await appservice.hears(said);
  await alice.inRoom('POST', second, 'leave', {});
  await eventually(() => expect(toldOf(appservice).left).toEqual([alice.userId]));
  const before = timesTold(appservice, alice.userId);
  await publishKeys(alice);
  await alice.join(second);
  await eventually(() => expect(timesTold(appservice, alice.userId)).toBe(before + 1));
});

test('users of other servers are told of as those of this one, and leave with the last shared room', async () => {
  const peer = aPeer();
  stubAppservicesBeside(vi.mocked(globalThis.fetch).getMockImplementation() ?? fetch);
  const appservice = await aReceivingAppservice(TRACKS);
  const ghost = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const rooms = [await aRoom(alice), await aRoom(alice)];
  for (const roomId of rooms) await joinAs(appservice, ghost, roomId);
  const [one, two] = rooms;
  if (one === undefined || two === undefined) throw new Error('no rooms');
  const { userId } = await joinFrom(peer, one);
  await eventually(() => expect(timesTold(appservice, userId)).toBe(1));
  await joinFrom(peer, two);
  await eventually(() => expect(timesTold(appservice, userId)).toBe(2));
  const content = { user_id: userId, device_id: 'ONE', stream_id: 7, prev_id: [6] };
  const edus = [{ edu_type: 'm.device_list_update', content }];
  expect(await peer.send({ edus })).toMatchObject({ status: 200 });
  await eventually(() => expect(timesTold(appservice, userId)).toBeGreaterThan(2));
  await alice.inRoom('POST', one, 'kick', { user_id: userId });
  await appservice.hears(await alice.say(one, 'they have left one room'));
  await alice.inRoom('POST', two, 'kick', { user_id: userId });
  await eventually(() => expect(toldOf(appservice).left).toEqual([userId]));
  stubAppservices();
});

test('with the last user of its own all members of a room are lost', async () => {
  const { appservice, alice, ghost, roomId } = await aKnownRoom();
  const bob = await aClient('bob');
  await bob.join(roomId);
  await eventually(() => expect(toldOf(appservice).changed).toContain(bob.userId));
  await leaveAs(appservice, ghost, roomId);
  await eventually(() => expect(toldOf(appservice).left.toSorted()).toEqual([alice.userId, bob.userId].toSorted()));
});

test('what changes while it is away comes once, whatever restarts, and a transaction is repeated as it was', async () => {
  const { appservice, alice, roomId } = await aKnownRoom();
  const before = timesTold(appservice, alice.userId);
  appservice.answer = () => new Response(null, { status: 502 });
  const tries = () => appservice.asked.filter(({ path }) => path.includes('/transactions/'));
  const tried = tries().length;
  await alice.say(roomId, 'one');
  await eventually(() => expect(tries().length).toBeGreaterThan(tried));
  for (let n = 0; n < 3; n += 1) {
    await publishKeys(alice);
    await evictDurableObject(objectOf(appservice));
  }
  appservice.answer = () => new Response(null, { status: 503 });
  await waitIsOver(appservice);
  appservice.answer = () => Response.json({});
  await eventually(async () => {
    await waitIsOver(appservice);
    expect(timesTold(appservice, alice.userId)).toBe(before + 1);
  });
  const bodies = new Map<string, Set<string>>();
  for (const { path, body } of tries()) bodies.set(path, (bodies.get(path) ?? new Set()).add(body));
  expect([...bodies.values()].every((all) => all.size === 1)).toBe(true);
});

test('what a shard could not tell when it died is told by its duty', async () => {
  const { appservice, alice } = await aKnownRoom();
  const shard = bindings.USER.getByName(alice.token.split('_')[1] ?? '');
  await runInDurableObject(shard, (_instance, { storage }) => {
    const take = `insert into meta (key, value) values ('seq', '1') on conflict (key) do update set value = value + 1`;
    storage.sql.exec(take);
    storage.sql.exec(
      `insert or replace into device_list_changes (user_id, viewer, seq, rooms)
         values (?, '', (select cast(value as integer) from meta where key = 'seq'), null)`,
      alice.userId,
    );
    storage.sql.exec(
      `insert or replace into duties (kind, key, at, attempt) values ('appservices', ?, 1, 0)`,
      alice.token.split('_')[1] ?? '',
    );
    return storage.setAlarm(Date.now() + 60_000);
  });
  await evictDurableObject(shard);
  await runDurableObjectAlarm(shard);
  await eventually(() => expect(timesTold(appservice, alice.userId)).toBe(2));
});

test('what its users have left of their keys comes when somebody takes one, and with messages to them', async () => {
  const { appservice, alice, ghost } = await aKnownRoom();
  const device = await anOwnedDevice(appservice, ghost, {
    one_time_keys: { 'signed_curve25519:A': { key: 'a' }, 'signed_curve25519:B': { key: 'b' } },
    fallback_keys: { 'signed_curve25519:F': { key: 'f', fallback: true } },
  });
  const claim = () =>
    alice.ask('POST', '/keys/claim', { one_time_keys: { [ghost]: { [device.deviceId]: 'signed_curve25519' } } });
  await claim();
  const told = (left: number, unused: readonly string[]) =>
    eventually(() =>
      expect(countsOf(appservice, ghost)).toEqual({
        oneTimeKeys: { BRIDGE: { signed_curve25519: left } },
        unusedFallbackKeys: { BRIDGE: unused },
      }),
    );
  await told(1, ['signed_curve25519']);
  await claim();
  await told(0, ['signed_curve25519']);
  await claim();
  await told(0, []);
  const counted = appservice.taken().filter(({ body }) => body.includes('device_one_time_keys_count')).length;
  await sent200(alice, to(device, 1));
  await eventually(() => {
    expect(appservice.toDevice()).toHaveLength(1);
    const now = appservice.taken().filter(({ body }) => body.includes('device_one_time_keys_count'));
    expect(now).toHaveLength(counted + 1);
    expect(now.at(-1)?.body).toContain('to_user_id');
  });
});

test('a key is given away while D1 does not say who is told of it, and who is hears of it later', async () => {
  const { appservice, alice, ghost, roomId } = await aKnownRoom();
  const keys = { one_time_keys: { 'signed_curve25519:A': { key: 'a' }, 'signed_curve25519:B': { key: 'b' } } };
  const device = await anOwnedDevice(appservice, ghost, keys);
  const left = (count: number) => ({ BRIDGE: { signed_curve25519: count } });
  await eventually(() => expect(countsOf(appservice, ghost).oneTimeKeys).toEqual(left(2)));
  const registrations = appservicesOf(bindings, readConfig(bindings));
  const silence = Promise.withResolvers<never>();
  const known = vi.spyOn(registrations, 'known').mockReturnValue(undefined);
  const all = vi.spyOn(registrations, 'all').mockReturnValue(silence.promise);
  const wanted = { [ghost]: { [device.deviceId]: 'signed_curve25519' } };
  expect(await alice.ask('POST', '/keys/claim', { one_time_keys: wanted })).toMatchObject({
    body: { one_time_keys: { [ghost]: { BRIDGE: expect.any(Object) } } },
  });
  known.mockRestore();
  all.mockRestore();
  silence.reject(new Error('D1 is down'));
  await alice.say(roomId, 'goes on');
  await eventually(() => expect(countsOf(appservice, ghost).oneTimeKeys).toEqual(left(1)));
});

test('beside device lists come the counts of all its users who have keys, and of none who has none any more', async () => {
  const { appservice, alice, ghost } = await aKnownRoom();
  const second = await anOwnedUser(appservice, 'second');
  const keys = { one_time_keys: { 'signed_curve25519:A': { key: 'a' } } };
  for (const userId of [ghost, second]) await anOwnedDevice(appservice, userId, keys);
  await eventually(() => expect(toldOf(appservice).changed).toEqual(expect.arrayContaining([ghost, second])));
  const lastCounts = async () => {
    const before = timesTold(appservice, alice.userId);
    await publishKeys(alice);
    await eventually(() => expect(timesTold(appservice, alice.userId)).toBe(before + 1));
    const body = appservice.taken().findLast((one) => one.body.includes(alice.userId))?.body ?? '{}';
    return (JSON.parse(body) as Record<string, unknown>)['org.matrix.msc3202.device_one_time_keys_count'];
  };
  const counted = { BRIDGE: { signed_curve25519: 1 } };
  expect(await lastCounts()).toEqual({ [ghost]: counted, [second]: counted });
  await askAs(appservice, second, 'DELETE', `${v3}/devices/BRIDGE`, {});
  await eventually(() => expect(timesTold(appservice, second)).toBe(2));
  expect(await lastCounts()).toEqual({ [ghost]: counted });
});
