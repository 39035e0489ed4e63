import { expect, test } from 'vitest';

import { aRoomsApp, alice, here, room } from '../../../../support/worker/a-rooms-app.ts';

const own = { roomId: room, userId: alice.userId, shard: 'one', ts: 1000 };
const receipt = (type: string) => `/rooms/${here}/receipt/${type}/%24event`;

test('a public receipt goes to the room', async () => {
  const { request, asked } = aRoomsApp();
  expect(await request('POST', receipt('m.read'), { thread_id: 'main' })).toEqual({ status: 200, json: {} });
  expect(await request('POST', receipt('m.read'))).toMatchObject({ status: 200 });
  const common = { roomId: room, userId: alice.userId, type: 'm.read', eventId: '$event', ts: 1000 };
  expect(asked('room.receipt')).toEqual([
    { ...common, threadId: 'main' },
    { ...common, threadId: '' },
  ]);
});

test.each(['m.read.private', 'm.fully_read'])("%s is the user's own", async (type) => {
  const { request, asked } = aRoomsApp();
  expect((await request('POST', receipt(type), {})).status).toBe(200);
  expect(asked('ownMarker')).toEqual([{ ...own, type, threadId: '', eventId: '$event' }]);
  expect(asked('room.receipt')).toEqual([]);
});

test.each([
  ['m.other', {}],
  ['m.read', { thread_id: '' }],
  ['m.read', { thread_id: 1 }],
  ['m.read', { thread_id: 'neither' }],
  ['m.fully_read', { thread_id: 'main' }],
])('a receipt %s with %j is refused', async (type, body) => {
  const answer = await aRoomsApp().request('POST', receipt(type), body);
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_INVALID_PARAM' } });
});

test('read markers set what they name, and nothing when one is no event', async () => {
  const { request, asked, calls } = aRoomsApp();
  const path = `/rooms/${here}/read_markers`;
  expect(await request('POST', path, { 'm.fully_read': '$a', 'm.read': 'b' })).toMatchObject({ status: 400 });
  expect(calls).toEqual([]);
  await request('POST', path, { 'm.fully_read': '$a', 'm.read': '$b', 'm.read.private': '$c' });
  expect(asked('room.receipt')).toMatchObject([{ type: 'm.read', eventId: '$b' }]);
  expect(asked('ownMarker')).toMatchObject([
    { type: 'm.fully_read', eventId: '$a' },
    { type: 'm.read.private', eventId: '$c' },
  ]);
});

test('typing is bounded', async () => {
  const { request, asked } = aRoomsApp();
  const path = `/rooms/${here}/typing/${alice.userId}`;
  await request('PUT', path, { typing: true, timeout: 900_000 });
  await request('PUT', path, { typing: false });
  await request('PUT', path, { typing: true });
  const call = { roomId: room, userId: alice.userId };
  expect(asked('room.typing')).toEqual([
    { ...call, until: 121_000 },
    { ...call, until: undefined },
    { ...call, until: 31_000 },
  ]);
});

test('nobody types for another', async () => {
  const answer = await aRoomsApp().request('PUT', `/rooms/${here}/typing/@bob:us.test`, { typing: true });
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});
