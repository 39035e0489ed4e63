import { expect, test } from 'vitest';

import { allow } from '../../../../../src/matrix/result.ts';
import type { RoomId, ServerName, UserId } from '../../../../../src/matrix/ids/brands.ts';
import { aRoomsApp, alice, here, room } from '../../../../support/worker/a-rooms-app.ts';

const bob = '@bob:us.test' as UserId;

test.each(['kick', 'ban', 'unban'])('%s changes the membership of another', async (action) => {
  const { request, asked } = aRoomsApp();
  expect(await request('POST', `/rooms/${here}/${action}`, { user_id: bob, reason: 'no' })).toEqual({
    status: 200,
    json: {},
  });
  expect(asked('room.changeMembership')).toEqual([
    { roomId: room, action, sender: alice.userId, target: bob, content: { reason: 'no' } },
  ]);
});

test.each(['kick', 'ban', 'unban', 'invite'])('%s without a user is refused', async (action) => {
  const answer = await aRoomsApp().request('POST', `/rooms/${here}/${action}`, {});
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_MISSING_PARAM' } });
});

test.each(['kick', 'ban', 'unban', 'invite'])('%s of what is no user is refused', async (action) => {
  const answer = await aRoomsApp().request('POST', `/rooms/${here}/${action}`, { user_id: 'bob' });
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_INVALID_PARAM' } });
});

test("an invitation ends once the inviter's own shard has it", async () => {
  const { request, calls } = aRoomsApp();
  expect((await request('POST', `/rooms/${here}/invite`, { user_id: bob })).status).toBe(200);
  expect(calls.at(-1)).toEqual(['settle', room, 'one', 7]);
});

test('an invitation by e-mail needs an identity server', async () => {
  const body = { id_server: 'is.test', medium: 'email', address: 'a@b.test' };
  const answer = await aRoomsApp().request('POST', `/rooms/${here}/invite`, body);
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_MISSING_PARAM' } });
});

test.each([`/rooms/${here}/join`, `/join/${here}`, '/join/%23pub:us.test'])('POST %s joins', async (path) => {
  const { request, asked, calls } = aRoomsApp({ aliases: { '#pub:us.test': { roomId: room, creator: bob } } });
  expect(await request('POST', path, { reason: 'hello' })).toEqual({ status: 200, json: { room_id: room } });
  expect(asked('room.changeMembership')).toMatchObject([{ action: 'join', content: { reason: 'hello' } }]);
  expect(calls.at(-1)).toEqual(['settle', room, 'one', 5]);
});

test('a join needs no body', async () => {
  expect((await aRoomsApp().request('POST', `/rooms/${here}/join`)).status).toBe(200);
});

test('a join asks the servers that the client names before those of the alias', async () => {
  const asked: ServerName[] = [];
  const { request } = aRoomsApp({
    remote: {
      resolveAlias: async () =>
        allow({ roomId: '!far:them.test' as RoomId, servers: ['them.test', 'third.test'] as ServerName[] }),
      makeJoin: async (server) => {
        asked.push(server);
        return { ok: false, reason: { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'no' } };
      },
    },
  });
  const answer = await request('POST', '/join/%23pub:them.test?via=a.test&via=not%20one&server_name=b.test', {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
  expect(asked).toEqual(['a.test', 'b.test', 'them.test', 'third.test']);
});

test('a join over other servers needs a ticket, one here does not', async () => {
  const asked: ServerName[] = [];
  const { request } = aRoomsApp({
    hasTicket: false,
    remote: {
      makeJoin: async (server) => {
        asked.push(server);
        return { ok: false, reason: { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'no' } };
      },
    },
  });
  expect((await request('POST', '/join/!elsewhere:them.test?via=them.test', {})).status).toBe(503);
  expect(asked).toEqual([]);
  expect((await request('POST', `/join/${here}`, {})).status).toBe(200);
});

test('an alias of ours that nobody made is not found', async () => {
  const answer = await aRoomsApp().request('POST', '/join/%23none:us.test', {});
  expect(answer).toMatchObject({ status: 404, json: { errcode: 'M_NOT_FOUND' } });
});

test('leaving ends once the own shard has it', async () => {
  const { request, calls } = aRoomsApp();
  expect(await request('POST', `/rooms/${here}/leave`, {})).toEqual({ status: 200, json: {} });
  expect(calls.at(-1)).toEqual(['settle', room, 'one', 7]);
});

test('a room of which only an invitation is known is left by rejecting it', async () => {
  const rejection = { rejectInvite: () => ({ eventId: '$no', pos: 2 }) };
  const { request, asked } = aRoomsApp({ lifecycle: 'stub', room: rejection as never });
  expect((await request('POST', `/rooms/${here}/leave`, {})).status).toBe(200);
  expect(asked('room.rejectInvite')).toHaveLength(1);
});

test.each([
  ['403 M_FORBIDDEN', '403 M_FORBIDDEN'],
  ['403 M_INVITE_BLOCKED', '403 M_INVITE_BLOCKED'],
  ['404 M_NOT_FOUND', '404 M_NOT_FOUND'],
  ['400 M_UNABLE_TO_GRANT_JOIN', '400 M_UNABLE_TO_GRANT_JOIN'],
  ['400 M_INCOMPATIBLE_ROOM_VERSION', '400 M_INCOMPATIBLE_ROOM_VERSION'],
  // These would end the session here, or say of this server what holds of the other one.
  ['401 M_UNKNOWN_TOKEN', '403 M_FORBIDDEN'],
  ['401 M_NOT_FOUND', '403 M_FORBIDDEN'],
  ['403 M_UNKNOWN_TOKEN', '403 M_FORBIDDEN'],
  ['404 M_UNKNOWN_TOKEN', '502 M_UNKNOWN'],
  ['404 M_UNRECOGNIZED', '502 M_UNKNOWN'],
  ['429 M_LIMIT_EXCEEDED', '502 M_UNKNOWN'],
  ['400 M_BAD_JSON', '502 M_UNKNOWN'],
  ['400 x', '502 M_UNKNOWN'],
  ['500 M_NOT_FOUND', '502 EYRIE_CONNECTION_FAILED'],
  ['200 M_NOT_FOUND', '502 EYRIE_CONNECTION_FAILED'],
])('the %s of another server is a %s here', async (theirs, ours) => {
  const [status = '', errcode = ''] = theirs.split(' ');
  const reason = { kind: 'refused', status: Number(status), errcode, error: 'no' } as const;
  const { request } = aRoomsApp({ remote: { makeJoin: async () => ({ ok: false, reason }) } });
  const { status: given, json } = await request('POST', '/join/!elsewhere:them.test?via=them.test', {});
  expect(`${given} ${String(json['errcode'])}`).toBe(ours);
});

test('a room that the user is in cannot be forgotten', async () => {
  const { request, asked } = aRoomsApp({ shard: { forgetRoom: async () => false } });
  const answer = await request('POST', `/rooms/${here}/forget`, {});
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_UNKNOWN' } });
  expect(asked('room.forgetUser')).toEqual([]);
});

test('a room that the user has left can be forgotten', async () => {
  const { request, calls } = aRoomsApp();
  expect(await request('POST', `/rooms/${here}/forget`, {})).toEqual({ status: 200, json: {} });
  const call = { userId: alice.userId, roomId: room };
  expect(calls).toEqual([
    ['shard one.forgetRoom', call],
    ['room.forgetUser', call],
  ]);
});

test('the joined rooms are listed', async () => {
  expect((await aRoomsApp().request('GET', '/joined_rooms')).json).toEqual({ joined_rooms: [room] });
});

const member = (user: string) => `/rooms/${here}/state/m.room.member/${encodeURIComponent(user)}`;

test.each([
  ['ban', {}, 'ban'],
  ['leave', {}, 'kick'],
  ['leave', { 'm.room.member @bob:us.test': { sender: alice.userId, content: { membership: 'ban' } } }, 'unban'],
  ['invite', {}, 'invite'],
] as const)('the membership %s as state of another, held %j, is the call %s', async (membership, state, action) => {
  const { request, asked, calls } = aRoomsApp({ state });
  const answer = await request('PUT', member(bob), { membership, reason: 'r' });
  expect(answer).toMatchObject({ status: 200, json: { event_id: '$sent' } });
  expect(asked('room.changeMembership')).toMatchObject([{ action, target: bob, content: { reason: 'r' } }]);
  expect(calls.at(-1)).toEqual(['settle', room, 'one', 7]);
});

test('the own membership as state joins, with the profile that it names', async () => {
  const { request, asked } = aRoomsApp();
  await request('PUT', member(alice.userId), { membership: 'join', displayname: 'Al' });
  expect(asked('room.changeMembership')).toEqual([
    {
      roomId: room,
      action: 'join',
      sender: alice.userId,
      target: alice.userId,
      targetShard: 'one',
      isGuest: false,
      content: { displayname: 'Al' },
      isWhole: true,
    },
  ]);
});

test.each([
  [bob, { membership: 'join' }, 403, 'M_FORBIDDEN'],
  [bob, { membership: 'none' }, 400, 'M_BAD_JSON'],
  [bob, {}, 400, 'M_BAD_JSON'],
  ['bob', { membership: 'ban' }, 400, 'M_INVALID_PARAM'],
])('the membership of %s cannot be %j', async (user, content, status, errcode) => {
  const { request, asked } = aRoomsApp();
  expect(await request('PUT', member(user), content)).toMatchObject({ status, json: { errcode } });
  expect(asked('room.changeMembership')).toEqual([]);
});
