import { expect, test } from 'vitest';

import { allow, deny } from '../../../../../src/matrix/result.ts';
import type { RoomId, ServerName, UserId } from '../../../../../src/matrix/ids/brands.ts';
import { aRoomsApp, alice, here, room } from '../../../../support/worker/a-rooms-app.ts';

const bob = '@bob:us.test' as UserId;
const pub = '/directory/room/%23pub:us.test';
const ofBob = { '#pub:us.test': { roomId: room, creator: bob } };
const create = { 'm.room.create ': { sender: bob, content: {} } };
const joined = { ...create, 'm.room.member @alice:us.test': { sender: alice.userId, content: { membership: 'join' } } };
const levels = (level: number) => ({
  'm.room.power_levels ': {
    sender: bob,
    content: { users: { [alice.userId]: level }, events: { 'm.room.canonical_alias': 50 } },
  },
});

test('an alias of ours resolves for everybody', async () => {
  const { request } = aRoomsApp({ aliases: ofBob });
  expect(await request('GET', pub, undefined, {})).toEqual({
    status: 200,
    json: { room_id: room, servers: ['us.test', 'them.test'] },
  });
});

test('an alias of another server is asked there', async () => {
  const far = { roomId: '!far:them.test' as RoomId, servers: ['them.test' as ServerName] };
  const { request } = aRoomsApp({ remote: { resolveAlias: async () => allow(far) } });
  expect(await request('GET', '/directory/room/%23pub:them.test')).toEqual({
    status: 200,
    json: { room_id: '!far:them.test', servers: ['them.test'] },
  });
});

test.each([
  [{ kind: 'refused', status: 404, errcode: 'M_NOT_FOUND', error: 'none' } as const, 404, 'M_NOT_FOUND'],
  [{ kind: 'unreachable', error: 'gone' } as const, 502, 'EYRIE_CONNECTION_FAILED'],
])('an alias of another server that answers %j', async (failure, status, errcode) => {
  const { request } = aRoomsApp({ remote: { resolveAlias: async () => deny(failure) } });
  expect(await request('GET', '/directory/room/%23pub:them.test')).toMatchObject({ status, json: { errcode } });
});

test('unknown and impossible aliases', async () => {
  const { request } = aRoomsApp();
  expect(await request('GET', pub)).toMatchObject({ status: 404, json: { errcode: 'M_NOT_FOUND' } });
  expect(await request('GET', '/directory/room/pub')).toMatchObject({
    status: 400,
    json: { errcode: 'M_INVALID_PARAM' },
  });
});

test('who is joined names the room', async () => {
  const { request, aliases } = aRoomsApp({ state: joined });
  expect(await request('PUT', pub, { room_id: room })).toEqual({ status: 200, json: {} });
  expect(aliases.get('#pub:us.test')).toEqual({ roomId: room, creator: alice.userId });
});

test.each([
  ['an alias that exists', { state: joined, aliases: ofBob }, pub, { room_id: room }, 409, 'M_UNKNOWN'],
  ['a room that the user is not in', { state: create }, pub, { room_id: room }, 403, 'M_FORBIDDEN'],
  ['an unknown room', {}, pub, { room_id: '!none:us.test' }, 403, 'M_FORBIDDEN'],
  ['no room', {}, pub, {}, 400, 'M_MISSING_PARAM'],
  ['what is no room ID', {}, pub, { room_id: 'room' }, 400, 'M_INVALID_PARAM'],
  ['an alias of another server', {}, '/directory/room/%23a:them.test', { room_id: room }, 400, 'M_INVALID_PARAM'],
] as const)('%s is not set', async (_name, answers, path, body, status, errcode) => {
  const { request } = aRoomsApp(answers);
  expect(await request('PUT', path, body)).toMatchObject({ status, json: { errcode } });
});

test.each([
  ['its creator', { aliases: { '#pub:us.test': { roomId: room, creator: alice.userId } } }],
  ['who may send the canonical alias', { aliases: ofBob, state: { ...joined, ...levels(50) } }],
  ['an administrator', { aliases: ofBob, isAdmin: true }],
])('%s removes an alias', async (_name, answers) => {
  const { request, aliases } = aRoomsApp(answers);
  expect(await request('DELETE', pub)).toEqual({ status: 200, json: {} });
  expect(aliases.size).toBe(0);
});

test.each([
  ['who lacks the power', { ...joined, ...levels(49) }],
  ['who has the power but is not joined', { ...create, ...levels(50) }],
])('%s does not remove an alias', async (_name, state) => {
  const { request, aliases } = aRoomsApp({ aliases: ofBob, state });
  expect(await request('DELETE', pub)).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
  expect(aliases.size).toBe(1);
});

test('an alias that nobody made cannot be removed', async () => {
  expect(await aRoomsApp().request('DELETE', pub)).toMatchObject({ status: 404, json: { errcode: 'M_NOT_FOUND' } });
});

const visible = (visibility: string) => ({
  'm.room.history_visibility ': { sender: bob, content: { history_visibility: visibility } },
});

test.each([
  ['a member', joined],
  ['a stranger, of a world readable room', visible('world_readable')],
])('%s is told the aliases of a room', async (_name, state) => {
  const { request } = aRoomsApp({ aliases: ofBob, state });
  expect(await request('GET', `/rooms/${here}/aliases`)).toEqual({ status: 200, json: { aliases: ['#pub:us.test'] } });
});

test('a stranger is not told the aliases of a room', async () => {
  const { request } = aRoomsApp({ aliases: ofBob, state: visible('shared') });
  const answer = await request('GET', `/rooms/${here}/aliases`);
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

test('everybody may ask whether a room is published', async () => {
  const { request } = aRoomsApp();
  expect((await request('GET', `/directory/list/room/${here}`, undefined, {})).json).toEqual({ visibility: 'private' });
  expect(await request('GET', '/directory/list/room/!none:us.test')).toMatchObject({
    status: 404,
    json: { errcode: 'M_NOT_FOUND' },
  });
});

test('who has the power publishes a room', async () => {
  const { request, calls } = aRoomsApp({ state: { ...joined, ...levels(50) } });
  expect((await request('PUT', `/directory/list/room/${here}`, {})).status).toBe(200);
  expect((await request('PUT', `/directory/list/room/${here}`, { visibility: 'private' })).status).toBe(200);
  expect(calls.filter(([name]) => name === 'registry.setPublished')).toEqual([
    ['registry.setPublished', room, true],
    ['registry.setPublished', room, false],
  ]);
});

test.each([
  ['without power', here, {}, 403, 'M_FORBIDDEN'],
  ['of an unknown room', '!none:us.test', {}, 404, 'M_NOT_FOUND'],
  ['as something else', here, { visibility: 'secret' }, 400, 'M_BAD_JSON'],
])('publishing %s is refused', async (_name, roomId, body, status, errcode) => {
  const { request, calls } = aRoomsApp({ state: { ...joined, ...levels(0) } });
  const answer = await request('PUT', `/directory/list/room/${roomId}`, body);
  expect(answer).toMatchObject({ status, json: { errcode } });
  expect(calls.map(([name]) => name)).not.toContain('registry.setPublished');
});
