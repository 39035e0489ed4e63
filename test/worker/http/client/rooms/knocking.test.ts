// Knocking (Client-Server API, "Knocking on rooms")
import { expect, test } from 'vitest';

import type { RoomId } from '../../../../../src/matrix/ids/brands.ts';
import { allow, deny } from '../../../../../src/matrix/result.ts';
import { alice as asker, aRoomsApp } from '../../../../support/worker/a-rooms-app.ts';
import { alice, bob, realRooms, realRoomsApp } from '../../../../support/worker/real-rooms-app.ts';

async function aKnockRoom(joinRule = 'knock') {
  const as = realRoomsApp();
  const made = await as(alice)('POST', '/createRoom', {
    preset: 'private_chat',
    name: 'Ledge',
    initial_state: [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: joinRule } }],
  });
  const roomId = made.json['room_id'] as RoomId;
  const path = `/rooms/${encodeURIComponent(roomId)}`;
  return { as, roomId, path, knock: (body = {}) => as(bob)('POST', `/knock/${encodeURIComponent(roomId)}`, body) };
}

const memberOfBob = (path: string) => `${path}/state/m.room.member/${encodeURIComponent(bob)}`;

test('a knock says why, and its sender is shown what the room is and nothing more', async () => {
  const { as, roomId, path, knock } = await aKnockRoom();
  expect(await knock({ reason: 'please' })).toEqual({ status: 200, json: { room_id: roomId } });
  expect((await as(alice)('GET', memberOfBob(path))).json).toEqual({
    membership: 'knock',
    displayname: 'Name',
    reason: 'please',
  });
  const stripped = await realRooms.readInvite({ roomId, userId: bob });
  expect(stripped.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['m.room.create', 'm.room.name', 'm.room.join_rules', 'm.room.member']),
  );
  expect(await as(bob)('GET', `${path}/messages?dir=b`)).toMatchObject({ status: 403 });
});

test('a knock is accepted by an invite', async () => {
  const { as, path, knock } = await aKnockRoom();
  await knock();
  expect((await as(bob)('POST', `${path}/join`)).status).toBe(403);
  expect((await as(alice)('POST', `${path}/invite`, { user_id: bob })).status).toBe(200);
  expect((await as(bob)('POST', `${path}/join`)).status).toBe(200);
});

test('a knock is taken back, and one that was refused may be tried again', async () => {
  const { as, path, knock } = await aKnockRoom();
  await knock();
  expect((await as(bob)('POST', `${path}/leave`)).status).toBe(200);
  expect((await as(alice)('GET', memberOfBob(path))).json).toEqual({ membership: 'leave' });
  await knock();
  expect((await as(alice)('POST', `${path}/kick`, { user_id: bob })).status).toBe(200);
  expect(await knock()).toMatchObject({ status: 200 });
});

test('the same knock again changes nothing, another reason does', async () => {
  const { knock, roomId } = await aKnockRoom();
  const head = async () => (await realRooms.status({ roomId })).head;
  await knock({ reason: 'please' });
  const before = await head();
  await knock({ reason: 'please' });
  expect(await head()).toBe(before);
  await knock({ reason: 'pretty please' });
  expect(await head()).toBeGreaterThan(before);
});

test.each(['invite', 'public'])('a room with join rule %s is not knocked on', async (joinRule) => {
  const { knock } = await aKnockRoom(joinRule);
  expect(await knock()).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

test.each(['invite', 'ban'])('who has an answer already does not knock: %s', async (action) => {
  const { as, path, knock } = await aKnockRoom();
  await as(alice)('POST', `${path}/${action}`, { user_id: bob });
  expect(await knock()).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

test('a knock by state is a knock', async () => {
  const { as, path } = await aKnockRoom();
  expect(await as(bob)('PUT', memberOfBob(path), { membership: 'knock' })).toMatchObject({ status: 200 });
  expect((await as(alice)('GET', memberOfBob(path))).json).toMatchObject({ membership: 'knock' });
});

const elsewhere = '!elsewhere:them.test';
const template = (changes: object = {}) => ({
  type: 'm.room.member',
  room_id: elsewhere,
  sender: asker.userId,
  state_key: asker.userId,
  content: { membership: 'knock' },
  prev_events: ['$prev'],
  auth_events: ['$auth'],
  depth: 4,
  ...changes,
});

test('a room of other servers is knocked on over one of them, and the knock is kept with what it told', async () => {
  const create = { type: 'm.room.create', state_key: '', sender: '@carol:them.test', content: {} };
  const receiveKnock = (call: { readonly pdu: { readonly json: string } }) => {
    expect(JSON.parse(call.pdu.json)).toMatchObject({ content: { membership: 'knock', reason: 'please' } });
    return { eventId: '$knock', pos: 3 };
  };
  const { request, asked } = aRoomsApp({
    room: { receiveKnock, flush: () => undefined } as never,
    remote: {
      makeKnock: async (server) =>
        server === 'down.test'
          ? deny({ kind: 'unreachable', error: 'no' })
          : allow({ roomVersion: '11', event: template() as never }),
      sendKnock: async () => allow([create as never, { type: 'm.room.name' } as never]),
    },
  });
  const path = `/knock/${encodeURIComponent(elsewhere)}?via=down.test&via=up.test`;
  expect(await request('POST', path, { reason: 'please' })).toEqual({ status: 200, json: { room_id: elsewhere } });
  expect(asked('room.receiveKnock')).toMatchObject([
    { roomId: elsewhere, roomVersion: '11', server: 'up.test', shard: asker.shard, knockRoomState: [create] },
  ]);
});

test('a template of something else than the knock is not signed', async () => {
  const { request, asked } = aRoomsApp({
    remote: {
      makeKnock: async () =>
        allow({ roomVersion: '11', event: template({ content: { membership: 'join' } }) as never }),
    },
  });
  expect((await request('POST', `/knock/${encodeURIComponent(elsewhere)}`, {})).status).toBe(502);
  expect(asked('remote.sendKnock')).toEqual([]);
});

test("the other server's refusal is passed on", async () => {
  const { request } = aRoomsApp({
    remote: {
      makeKnock: async () => deny({ kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'You are banned' }),
    },
  });
  const answer = await request('POST', `/knock/${encodeURIComponent(elsewhere)}`, {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN', error: 'You are banned' } });
});
