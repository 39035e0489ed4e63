import { expect, test } from 'vitest';

import type { RoomRoutesDeps } from '../../../../../src/http/client/room-routes-deps.ts';
import type { ClientEventWithoutRoomId } from '../../../../../src/matrix/event/client-event.ts';
import type { EventId } from '../../../../../src/matrix/ids/brands.ts';
import { aRoomsApp, alice, here, refuse, room } from '../../../../support/worker/a-rooms-app.ts';

const event = (id: string): ClientEventWithoutRoomId => ({
  event_id: id as EventId,
  type: 'm.room.message',
  sender: alice.userId,
  origin_server_ts: 1,
  content: {},
});

const page = { start: 't9_1', end: 't3_0', chunk: [event('$a')], state: [], holes: [] };
const reading = { readMessages: async () => page, readMembers: async () => [event('$m')] };
const messages = (query: string) => `/rooms/${here}/messages?${query}`;

test('a page of messages carries the room ID in each event', async () => {
  const { request, asked } = aRoomsApp({ room: reading });
  const answer = await request('GET', messages('dir=b'));
  expect(answer.json).toEqual({ start: 't9_1', end: 't3_0', chunk: [{ ...event('$a'), room_id: room }] });
  expect(asked('room.readMessages')).toEqual([
    {
      roomId: room,
      userId: alice.userId,
      scope: '@alice:us.test/PHONE',
      dir: 'b',
      limit: 10,
      filter: {},
      lazyLoadMembers: false,
      ignoredUsers: [],
    },
  ]);
});

test.each([
  ['t5_-2', { anchor: 5, sub: -2 }],
  ['se1_300_2', { anchor: 40, sub: 1 }],
  ['se1_300_2!250', { anchor: 40, sub: 1 }],
])('the token %s is a point', async (token, point) => {
  const { request, asked } = aRoomsApp({ room: reading });
  const text = encodeURIComponent(token);
  const answer = await request('GET', messages(`dir=f&from=${text}&to=${text}`));
  expect(answer.json['start']).toBe(token);
  expect(asked('room.readMessages')).toMatchObject([{ dir: 'f', from: point, to: point }]);
});

test.each([
  ['that knows nothing of the room', 'se1_3_2'],
  ['of another epoch', 'se2_300_2'],
])('a sync token %s starts at the end of the room', async (_name, token) => {
  const positionAt = async ({ seq }: { seq: number }) => (seq === 300 ? 40 : undefined);
  const { request, asked } = aRoomsApp({ room: reading, shard: { positionAt } });
  expect((await request('GET', messages(`dir=b&from=${token}`))).status).toBe(200);
  expect(asked('room.readMessages')).toMatchObject([{ from: undefined }]);
});

test.each([
  ['', 'M_MISSING_PARAM'],
  ['dir=x', 'M_INVALID_PARAM'],
  ['dir=b&limit=0', 'M_INVALID_PARAM'],
  ['dir=b&limit=-1', 'M_INVALID_PARAM'],
  ['dir=b&limit=ten', 'M_INVALID_PARAM'],
  ['dir=b&from=YWxs', 'M_INVALID_PARAM'],
  ['dir=b&to=s', 'M_INVALID_PARAM'],
  ['dir=b&filter=%7B', 'M_NOT_JSON'],
  ['dir=b&filter=%7B%22types%22:1%7D', 'M_BAD_JSON'],
  ['dir=b&filter=%5B%5D', 'M_BAD_JSON'],
])('messages of "%s" are refused', async (query, errcode) => {
  const { request, asked } = aRoomsApp({ room: reading });
  expect(await request('GET', messages(query))).toMatchObject({ status: 400, json: { errcode } });
  expect(asked('room.readMessages')).toEqual([]);
});

test('limit and filter reach the room, the limit bounded', async () => {
  const { request, asked } = aRoomsApp({ room: reading });
  const filter = { types: ['m.*'], not_senders: ['@eve:us.test'], contains_url: false, lazy_load_members: true };
  await request('GET', messages(`dir=b&limit=5000&filter=${encodeURIComponent(JSON.stringify(filter))}`));
  expect(asked('room.readMessages')).toMatchObject([
    {
      limit: 1000,
      filter: { types: ['m.*'], notSenders: ['@eve:us.test'], containsUrl: false },
      lazyLoadMembers: true,
    },
  ]);
});

test('a filter that leaves the room out lets nothing pass', async () => {
  const { request, asked } = aRoomsApp({ room: reading });
  await request('GET', messages(`dir=b&filter=${encodeURIComponent(JSON.stringify({ not_rooms: [room] }))}`));
  expect(asked('room.readMessages')).toMatchObject([{ filter: { types: [] } }]);
});

test('a page that ends at a hole is read again when the hole was filled', async () => {
  const holes = ['$hole' as EventId];
  const pages = [{ ...page, holes }, page];
  const filled: unknown[] = [];
  const backfill: RoomRoutesDeps['backfill'] = async (...args) => filled.push(args) > 0;
  const { request, asked } = aRoomsApp({ room: { readMessages: async () => pages.shift() ?? page }, backfill });
  expect((await request('GET', messages('dir=b'))).status).toBe(200);
  expect(filled).toEqual([[room, holes, 10]]);
  expect(asked('room.readMessages')).toHaveLength(2);
});

const name = { 'm.room.name ': { sender: alice.userId, content: { name: 'Name' } } };

test('state is its content, or the whole event', async () => {
  const { request } = aRoomsApp({ state: name });
  const path = `/rooms/${here}/state/m.room.name`;
  expect(await request('GET', path)).toEqual({ status: 200, json: { name: 'Name' } });
  expect(await request('GET', `${path}/`)).toEqual({ status: 200, json: { name: 'Name' } });
  expect((await request('GET', `${path}/?format=event`)).json).toMatchObject({
    room_id: room,
    state_key: '',
    content: { name: 'Name' },
  });
  expect(await request('GET', `${path}?format=other`)).toMatchObject({ json: { errcode: 'M_INVALID_PARAM' } });
  expect(await request('GET', `/rooms/${here}/state/m.room.topic`)).toMatchObject({ status: 404 });
});

test('the refusal of the room reaches the client', async () => {
  const { request } = aRoomsApp({ room: { readState: refuse } });
  const answer = await request('GET', `/rooms/${here}/state`);
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

test('what is no event ID is no event', async () => {
  const { request } = aRoomsApp();
  for (const path of ['event', 'context']) {
    const answer = await request('GET', `/rooms/${here}/${path}/none`);
    expect(answer).toMatchObject({ status: 404, json: { errcode: 'M_NOT_FOUND' } });
  }
});

test('an event and its context carry the room ID', async () => {
  const context = { start: 't1_0', end: 't9_1', events_before: [event('$b')], events_after: [event('$c')], state: [] };
  const { request, asked } = aRoomsApp({
    room: {
      readEvent: async () => event('$a'),
      readContext: async () => ({ context: { ...context, event: event('$a') }, holes: [] }),
    },
  });
  expect((await request('GET', `/rooms/${here}/event/$a`)).json).toEqual({ ...event('$a'), room_id: room });
  const shown = (await request('GET', `/rooms/${here}/context/$a?limit=0`)).json;
  expect(shown).toMatchObject({ start: 't1_0', event: { room_id: room }, events_after: [{ room_id: room }] });
  expect(asked('room.readContext')).toMatchObject([{ eventId: '$a', limit: 0 }]);
});

test('a context that lies below holes is read again when they were filled', async () => {
  const context = { start: 't1_0', end: 't9_1', event: event('$a'), events_before: [], events_after: [], state: [] };
  const holes = ['$hole' as EventId];
  const answers = [
    { context: undefined, holes },
    { context, holes },
  ];
  const filled: unknown[] = [];
  const { request } = aRoomsApp({
    room: { readContext: async () => answers.shift() ?? { context, holes: [] } },
    backfill: async (...args) => filled.push(args) > 0,
  });
  expect((await request('GET', `/rooms/${here}/context/$a?limit=4`)).status).toBe(200);
  expect(filled).toEqual([
    [room, holes, 100],
    [room, holes, 4],
  ]);
});

test('a context that nobody has is not found', async () => {
  const { request } = aRoomsApp({
    room: { readContext: async () => ({ context: undefined, holes: ['$h' as EventId] }) },
  });
  expect(await request('GET', `/rooms/${here}/context/$a`)).toMatchObject({
    status: 404,
    json: { errcode: 'M_NOT_FOUND' },
  });
});

test.each([
  ['', {}],
  ['membership=join', { membership: 'join' }],
  ['not_membership=leave', { notMembership: 'leave' }],
  ['membership=join&not_membership=leave', { notMembership: 'leave' }],
  ['membership=leave&not_membership=leave', {}],
  ['at=t7_0', { at: 6 }],
  ['at=se1_300_2', { at: 40 }],
])('members of "%s"', async (query, wanted) => {
  const { request, asked } = aRoomsApp({ room: reading });
  const answer = await request('GET', `/rooms/${here}/members?${query}`);
  expect(answer.json).toEqual({ chunk: [{ ...event('$m'), room_id: room }] });
  expect(asked('room.readMembers')).toEqual([
    { roomId: room, userId: alice.userId, scope: '@alice:us.test/PHONE', ...wanted },
  ]);
});

test('an unknown membership is refused', async () => {
  const answer = await aRoomsApp().request('GET', `/rooms/${here}/members?membership=friend`);
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_INVALID_PARAM' } });
});
