// Restricted rooms of ours, joined by our users (Client-Server API, "Restricted rooms")
import { expect, test } from 'vitest';

import type { RoomId } from '../../../../../src/matrix/ids/brands.ts';
import { alice, bob, realRooms, realRoomsApp } from '../../../../support/worker/real-rooms-app.ts';

async function aWorld(powerLevels: object = {}) {
  const as = realRoomsApp();
  const made = async (options: object) => {
    const answer = await as(alice)('POST', '/createRoom', options);
    expect(answer.status).toBe(200);
    return answer.json['room_id'] as RoomId;
  };
  const space = await made({ preset: 'public_chat' });
  const allow = [
    { type: 'm.room_membership', room_id: '!elsewhere:other.test' },
    { type: 'm.room_membership', room_id: space },
  ];
  const room = await made({
    preset: 'private_chat',
    initial_state: [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'restricted', allow } }],
    power_level_content_override: powerLevels,
  });
  return { as, space, room };
}

const path = (roomId: RoomId) => `/rooms/${encodeURIComponent(roomId)}`;
const member = (roomId: RoomId, user: string) => `${path(roomId)}/state/m.room.member/${encodeURIComponent(user)}`;

test('a member of a room that is named joins, and the join says who answers for it', async () => {
  const { as, space, room } = await aWorld();
  await as(bob)('POST', `${path(space)}/join`);
  expect(await as(bob)('POST', `${path(room)}/join`)).toEqual({ status: 200, json: { room_id: room } });
  expect((await as(alice)('GET', member(room, bob))).json).toEqual({
    displayname: 'Name',
    membership: 'join',
    join_authorised_via_users_server: alice,
  });
});

test('who is in none of the rooms does not join', async () => {
  const { as, room } = await aWorld();
  expect(await as(bob)('POST', `${path(room)}/join`)).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

test('a join by state asks the rooms too, and nobody names their own patron', async () => {
  const { as, space, room } = await aWorld();
  const claimed = { membership: 'join', join_authorised_via_users_server: alice };
  expect((await as(bob)('PUT', member(room, bob), claimed)).status).toBe(403);
  await as(bob)('POST', `${path(space)}/join`);
  expect((await as(bob)('PUT', member(room, bob), { membership: 'join' })).status).toBe(200);
});

test('an invited user joins without the rooms', async () => {
  const { as, room } = await aWorld();
  expect((await as(alice)('POST', `${path(room)}/invite`, { user_id: bob })).status).toBe(200);
  expect((await as(bob)('POST', `${path(room)}/join`)).status).toBe(200);
  expect((await as(alice)('GET', member(room, bob))).json).not.toHaveProperty('join_authorised_via_users_server');
});

test('a banned member of a named room stays out', async () => {
  const { as, space, room } = await aWorld();
  await as(bob)('POST', `${path(space)}/join`);
  await as(alice)('POST', `${path(room)}/ban`, { user_id: bob });
  expect((await as(bob)('POST', `${path(room)}/join`)).status).toBe(403);
});

test('a later change of profile does not name the patron again', async () => {
  const { as, space, room } = await aWorld();
  await as(bob)('POST', `${path(space)}/join`);
  await as(bob)('POST', `${path(room)}/join`);
  const { content } = await realRooms.readStateEvent({
    roomId: room,
    userId: alice,
    scope: 'test',
    type: 'm.room.member',
    stateKey: bob,
  });
  expect((await as(bob)('PUT', member(room, bob), { ...content, displayname: 'Robert' })).status).toBe(200);
  expect((await as(alice)('GET', member(room, bob))).json).toEqual({ displayname: 'Robert', membership: 'join' });
});

test('where none of our users may invite, and no other server is known, the join is refused', async () => {
  const { as, space, room } = await aWorld({ invite: 101 });
  await as(bob)('POST', `${path(space)}/join`);
  expect((await as(bob)('POST', `${path(room)}/join`)).json['errcode']).toBe('M_UNABLE_TO_GRANT_JOIN');
});
