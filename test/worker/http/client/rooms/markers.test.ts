import { expect, test } from 'vitest';

import { aRoomsApp, alice, here, room } from '../../../../support/worker/a-rooms-app.ts';

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

test('a private receipt goes to the room, too', async () => {
  const { request, asked } = aRoomsApp();
  expect((await request('POST', receipt('m.read.private'), {})).status).toBe(200);
  expect(asked('room.receipt')).toMatchObject([{ type: 'm.read.private', eventId: '$event' }]);
});

test('a fully-read marker that the room finds in order becomes account data', async () => {
  const { request, asked, calls } = aRoomsApp();
  expect((await request('POST', receipt('m.fully_read'), {})).status).toBe(200);
  expect(calls.map(([name]) => name)).toEqual(['room.receipt', 'shard one.putAccountData']);
  const content = { event_id: '$event' };
  expect(asked('shard one.putAccountData')).toEqual([
    { userId: alice.userId, roomId: room, type: 'm.fully_read', content },
  ]);
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
  expect(asked('room.receipt')).toMatchObject([
    { type: 'm.fully_read', eventId: '$a' },
    { type: 'm.read', eventId: '$b' },
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
