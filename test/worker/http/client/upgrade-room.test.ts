import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { roomClient } from '../../../../src/durable/room/client.ts';
import type { RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;
const config = readConfig(bindings);
const { serverName } = config;

const pathOf = (roomId: string) => `${v3}/rooms/${encodeURIComponent(roomId)}`;

async function aRoomOf(user: TestUser, body: object): Promise<string> {
  const created = await ask('POST', `${v3}/createRoom`, { token: user.token, body });
  expect(created).toMatchObject({ status: 200 });
  return String(created.body['room_id']);
}

async function stateOf(user: TestUser, roomId: string, type: string, stateKey = ''): Promise<unknown> {
  const path = `${pathOf(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`;
  return (await ask('GET', path, { token: user.token })).body;
}

async function set(user: TestUser, roomId: string, type: string, content: object): Promise<void> {
  const put = await ask('PUT', `${pathOf(roomId)}/state/${type}`, { token: user.token, body: content });
  expect(put).toMatchObject({ status: 200 });
}

async function upgraded(user: TestUser, roomId: string, body: object): Promise<string> {
  const answer = await ask('POST', `${pathOf(roomId)}/upgrade`, { token: user.token, body });
  expect(answer).toMatchObject({ status: 200 });
  return String(answer.body['replacement_room']);
}

async function joinedMembers(user: TestUser, roomId: string): Promise<readonly string[]> {
  const { body } = await ask('GET', `${pathOf(roomId)}/joined_members`, { token: user.token });
  return Object.keys(body['joined'] as object).toSorted();
}

/** Runs what the room has left to do until `isDone` passes. */
async function withAlarms(roomId: string, isDone: () => Promise<void>): Promise<void> {
  await eventually(async () => {
    await runDurableObjectAlarm(bindings.ROOM.getByName(roomId));
    await isDone();
  });
}

test.each([
  ['9', '12'],
  ['12', '12'],
  ['12', '10'],
  ['1', '6'],
])('a room of version %s becomes one of version %s, with its state, names and bans', async (from, to) => {
  const [alice, eve, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('eve'), await aLoggedInUser('bob')];
  const name = `old${crypto.randomUUID()}`;
  const alias = `#${name}:${serverName}`;
  const roomId = await aRoomOf(alice, {
    room_version: from,
    room_alias_name: name,
    visibility: 'public',
    name: 'Hall',
    topic: 'Talk',
    creation_content: { type: 'org.example.hall' },
    initial_state: [{ type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    power_level_content_override: {
      users: { ...(from === '12' ? {} : { [alice.userId]: 100 }), [bob.userId]: 50 },
      events: { 'org.example.thing': 7, 'm.room.tombstone': from === '12' ? 150 : 100 },
    },
  });
  const ban = { user_id: eve.userId, reason: 'Apples' };
  expect(await ask('POST', `${pathOf(roomId)}/ban`, { token: alice.token, body: ban })).toMatchObject({ status: 200 });

  const replacement = await upgraded(alice, roomId, { new_version: to });

  expect(await stateOf(alice, replacement, 'm.room.create')).toMatchObject({
    room_version: to,
    type: 'org.example.hall',
    predecessor: { room_id: roomId, event_id: expect.stringMatching(/^\$/) },
  });
  expect(await stateOf(alice, replacement, 'm.room.name')).toEqual({ name: 'Hall' });
  expect(await stateOf(alice, replacement, 'm.room.topic')).toMatchObject({ topic: 'Talk' });
  expect(await stateOf(alice, replacement, 'm.room.encryption')).toEqual({ algorithm: 'm.megolm.v1.aes-sha2' });
  expect(await stateOf(alice, replacement, 'm.room.join_rules')).toEqual({ join_rule: 'public' });
  expect(await stateOf(alice, replacement, 'm.room.member', eve.userId)).toEqual({
    membership: 'ban',
    reason: 'Apples',
  });
  expect(await stateOf(alice, replacement, 'm.room.power_levels')).toMatchObject({
    users: to === '12' ? { [bob.userId]: 50 } : { [alice.userId]: 100, [bob.userId]: 50 },
    events: { 'org.example.thing': 7, 'm.room.tombstone': to === '12' ? 150 : 100 },
  });
  expect(await stateOf(alice, replacement, 'm.room.canonical_alias')).toEqual({ alias });
  expect(await stateOf(alice, roomId, 'm.room.canonical_alias')).toEqual({});
  expect(await stateOf(alice, roomId, 'm.room.tombstone')).toEqual({
    body: 'This room has been replaced',
    replacement_room: replacement,
  });
  expect(await stateOf(alice, roomId, 'm.room.power_levels')).toMatchObject({ events_default: 50, invite: 50 });
  const named = await ask('GET', `${v3}/directory/room/${encodeURIComponent(alias)}`);
  expect(named.body).toMatchObject({ room_id: replacement });
  const listed = async (id: string) =>
    (await ask('GET', `${v3}/directory/list/room/${encodeURIComponent(id)}`)).body['visibility'];
  expect([await listed(roomId), await listed(replacement)]).toEqual(['private', 'public']);
});

test('members of a private room are taken along: ours are joined, whoever was invited is invited again', async () => {
  const [alice, bob, carol, dave] = [
    await aLoggedInUser('alice'),
    await aLoggedInUser('bob'),
    await aLoggedInUser('carol'),
    await aLoggedInUser('dave'),
  ];
  const roomId = await aRoomOf(alice, {
    room_version: '10',
    preset: 'private_chat',
    invite: [bob.userId, carol.userId, dave.userId],
  });
  for (const user of [bob, carol]) {
    expect(await ask('POST', `${pathOf(roomId)}/join`, { token: user.token, body: {} })).toMatchObject({ status: 200 });
  }
  await ask('POST', `${pathOf(roomId)}/leave`, { token: carol.token, body: {} });

  const replacement = await upgraded(alice, roomId, { new_version: '12' });

  await withAlarms(roomId, async () => {
    expect(await joinedMembers(alice, replacement)).toEqual([alice.userId, bob.userId].toSorted());
    expect(await stateOf(alice, replacement, 'm.room.member', dave.userId)).toMatchObject({ membership: 'invite' });
  });
  expect(await stateOf(alice, replacement, 'm.room.member', carol.userId)).toMatchObject({ errcode: 'M_NOT_FOUND' });
});

test('what a user has set for a room holds for the one that replaces it', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice, { preset: 'public_chat' });
  await ask('POST', `${pathOf(roomId)}/join`, { token: bob.token, body: {} });
  const { token } = bob;
  const ofUser = `${v3}/user/${encodeURIComponent(bob.userId)}`;
  const rules = `${v3}/pushrules/global`;
  const tags = { tags: { 'm.favourite': { order: 0.5 } } };
  await ask('PUT', `${ofUser}/rooms/${encodeURIComponent(roomId)}/account_data/m.tag`, { token, body: tags });
  await ask('PUT', `${ofUser}/account_data/m.direct`, { token, body: { [alice.userId]: [roomId] } });
  const rule = await ask('PUT', `${rules}/room/${encodeURIComponent(roomId)}`, { token, body: { actions: [] } });
  expect(rule).toMatchObject({ status: 200 });
  const conditions = [{ kind: 'event_match', key: 'room_id', pattern: roomId }];
  await ask('PUT', `${rules}/override/${encodeURIComponent(roomId)}`, { token, body: { actions: [], conditions } });

  const replacement = await upgraded(alice, roomId, { new_version: '12' });
  const joined = await ask('POST', `${v3}/join/${encodeURIComponent(replacement)}`, { token, body: {} });
  expect(joined).toMatchObject({ status: 200 });

  const tagged = await ask('GET', `${ofUser}/rooms/${encodeURIComponent(replacement)}/account_data/m.tag`, { token });
  expect(tagged.body).toEqual(tags);
  expect((await ask('GET', `${ofUser}/account_data/m.direct`, { token })).body).toEqual({
    [alice.userId]: [roomId, replacement],
  });
  const carried = await ask('GET', `${rules}/room/${encodeURIComponent(replacement)}`, { token });
  expect(carried.body).toMatchObject({ rule_id: replacement, actions: [], enabled: true });
  expect((await ask('GET', `${rules}/override/${encodeURIComponent(replacement)}`, { token })).body).toMatchObject({
    conditions: [{ kind: 'event_match', key: 'room_id', pattern: replacement }],
  });
});

test('a room that only claims to replace another gets nothing of what is set for that', async () => {
  const [alice, eve] = [await aLoggedInUser('alice'), await aLoggedInUser('eve')];
  const roomId = await aRoomOf(alice, {});
  const tag = (id: string) =>
    `${v3}/user/${encodeURIComponent(alice.userId)}/rooms/${encodeURIComponent(id)}/account_data/m.tag`;
  await ask('PUT', tag(roomId), { token: alice.token, body: { tags: { 'm.favourite': {} } } });
  const claimed = await aRoomOf(eve, {
    preset: 'public_chat',
    creation_content: { predecessor: { room_id: roomId, event_id: '$any' } },
  });
  await ask('POST', `${pathOf(claimed)}/join`, { token: alice.token, body: {} });
  expect(await ask('GET', tag(claimed), { token: alice.token })).toMatchObject({ status: 404 });
});

test('additional creators stand above all levels of a version that knows them, and are left out of others', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice, {
    room_version: '11',
    power_level_content_override: { users: { [alice.userId]: 100, [bob.userId]: 100 } },
  });
  const to12 = await upgraded(alice, roomId, { new_version: '12', additional_creators: [bob.userId] });
  expect(await stateOf(alice, to12, 'm.room.create')).toMatchObject({ additional_creators: [bob.userId] });
  expect(await stateOf(alice, to12, 'm.room.power_levels')).toMatchObject({ users: {} });
  const to11 = await upgraded(alice, roomId, { new_version: '11', additional_creators: [bob.userId] });
  expect(await stateOf(alice, to11, 'm.room.create')).not.toHaveProperty('additional_creators');
});

test('who may not end the room may not upgrade it, and nothing changes; nor to a version that nobody knows', async () => {
  const [alice, bob, eve] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('eve')];
  const roomId = await aRoomOf(alice, { preset: 'public_chat' });
  await ask('POST', `${pathOf(roomId)}/join`, { token: bob.token, body: {} });
  const upgrade = (user: TestUser, room: string, body: object) =>
    ask('POST', `${pathOf(room)}/upgrade`, { token: user.token, body });
  const forbidden = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  expect(await upgrade(bob, roomId, { new_version: '12' })).toMatchObject(forbidden);
  expect(await upgrade(eve, roomId, { new_version: '12' })).toMatchObject(forbidden);
  expect(await upgrade(alice, '!none:elsewhere.example', { new_version: '12' })).toMatchObject(forbidden);
  expect(await upgrade(alice, roomId, { new_version: '99' })).toMatchObject({
    status: 400,
    body: { errcode: 'M_UNSUPPORTED_ROOM_VERSION' },
  });
  expect(await stateOf(alice, roomId, 'm.room.tombstone')).toMatchObject({ errcode: 'M_NOT_FOUND' });
});

test('who has the power to end a room, and no more, upgrades it and has no more in the new one', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice, {
    room_version: '9',
    preset: 'public_chat',
    power_level_content_override: {
      users: { [alice.userId]: 100, [bob.userId]: 10 },
      events: { 'm.room.tombstone': 10, 'm.room.power_levels': 100, 'm.room.encryption': 100 },
    },
  });
  await set(alice, roomId, 'm.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' });
  await ask('POST', `${pathOf(roomId)}/join`, { token: bob.token, body: {} });
  const replacement = await upgraded(bob, roomId, { new_version: '11' });
  expect(await stateOf(bob, replacement, 'm.room.encryption')).toMatchObject({ algorithm: 'm.megolm.v1.aes-sha2' });
  expect(await stateOf(bob, replacement, 'm.room.power_levels')).toMatchObject({
    users: { [alice.userId]: 100, [bob.userId]: 10 },
  });
});

test('an upgrade goes on by itself where whoever asked for it is gone after the tombstone', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const name = `gone${crypto.randomUUID()}`;
  const roomId = await aRoomOf(alice, { room_alias_name: name, preset: 'private_chat', invite: [bob.userId] });
  await ask('POST', `${pathOf(roomId)}/join`, { token: bob.token, body: {} });
  const replacement = await aRoomOf(alice, { preset: 'private_chat' });
  await roomClient(objectStubs(bindings, config)).beginUpgrade({
    roomId: roomId as RoomId,
    userId: alice.userId as UserId,
    replacement: replacement as RoomId,
  });
  const stub = bindings.ROOM.getByName(roomId);
  await runInDurableObject(stub, (_room, { storage }) => {
    storage.sql.exec(`update duties set at = 1 where kind = 'upgrade'`);
  });
  await evictDurableObject(stub);
  await withAlarms(roomId, async () => {
    expect(await joinedMembers(alice, replacement)).toEqual([alice.userId, bob.userId].toSorted());
  });
  const named = await ask('GET', `${v3}/directory/room/${encodeURIComponent(`#${name}:${serverName}`)}`);
  expect(named.body).toMatchObject({ room_id: replacement });
});
