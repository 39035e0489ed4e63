import { expect, test } from 'vitest';

import { textStream } from '../../../../../src/durable/text-stream.ts';
import { forbidden, incompatibleRoomVersion, notFound } from '../../../../../src/matrix/error.ts';
import type { RoomId } from '../../../../../src/matrix/ids/brands.ts';
import { aFederationApp, refusal, roomId } from '../../../../support/worker/a-federation-app.ts';

const room = encodeURIComponent(roomId);
const pdus = ['{"depth":1.0}', '{"depth":2}'];
const origin = 'peer.test';
const given = (...pieces: readonly string[]) => pieces.values();

test('a template is answered with the version of the room', async () => {
  const makeMembership = async () => ({ roomVersion: '11', event: { type: 'm.room.member', content: {} } });
  const { get, calls } = aFederationApp({ room: { makeMembership } });
  const response = await get(`/v1/make_join/${room}/@alice:peer.test?ver=10&ver=11`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({ room_version: '11', event: { type: 'm.room.member', content: {} } });
  await get(`/v1/make_join/${room}/@alice:peer.test`);
  await get(`/v1/make_leave/${room}/@alice:peer.test`);
  const userId = '@alice:peer.test';
  expect(calls.map(({ call }) => call)).toEqual([
    { roomId, origin, userId, membership: 'join', supported: ['10', '11'] },
    { roomId, origin, userId, membership: 'join', supported: ['1'] },
    { roomId, origin, userId, membership: 'leave' },
  ]);
});

test('a version that the asker does not know is told with its name', async () => {
  const makeMembership = async () => {
    throw incompatibleRoomVersion('no', { room_version: '11' });
  };
  const response = await aFederationApp({ room: { makeMembership } }).get(`/v1/make_join/${room}/@alice:peer.test`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errcode: 'M_INCOMPATIBLE_ROOM_VERSION', room_version: '11' });
});

test('state and auth chain are answered as they are stored', async () => {
  const state = `{"pdus":[${pdus.join(',')}],"auth_chain":[]}`;
  const auth = `{"auth_chain":[${pdus.join(',')}]}`;
  const { get, calls } = aFederationApp({
    room: {
      stateForServer: async () => textStream(given(state)),
      eventAuthForServer: async () => textStream(given(auth)),
    },
  });
  const response = await get(`/v1/state/${room}?event_id=$e`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.text()).toBe(state);
  expect(await (await get(`/v1/event_auth/${room}/$e`)).text()).toBe(auth);
  expect(calls.map(({ call }) => call)).toEqual([
    { roomId, origin, eventId: '$e' },
    { roomId, origin, eventId: '$e' },
  ]);
});

test('the IDs of the state are answered', async () => {
  const ids = '{"pdu_ids":["$a"],"auth_chain_ids":["$b"]}';
  const { get } = aFederationApp({ room: { stateIdsForServer: async () => textStream(given(ids)) } });
  const response = await get(`/v1/state_ids/${room}?event_id=$e`);
  expect(await response.json()).toEqual({ pdu_ids: ['$a'], auth_chain_ids: ['$b'] });
});

test('a backfill is answered in the form of a transaction', async () => {
  const { get, calls } = aFederationApp({ room: { backfillForServer: async () => pdus } });
  const response = await get(`/v1/backfill/${room}?v=$a&v=%24b%2Fc&limit=20`);
  expect(await response.text()).toBe(
    `{"origin":"us.test","origin_server_ts":1700000000000,"pdus":[${pdus.join(',')}]}`,
  );
  expect(calls[0]?.call).toEqual({ roomId, origin, from: ['$a', '$b/c'], limit: 20 });
});

test('missing events are asked for with the limits of the specification where there are none', async () => {
  const { post, calls } = aFederationApp({ room: { missingEventsForServer: async () => pdus } });
  const response = await post(`/v1/get_missing_events/${room}`, { earliest_events: ['$a'], latest_events: ['$b'] });
  expect(await response.text()).toBe(`{"events":[${pdus.join(',')}]}`);
  expect(calls[0]?.call).toEqual({ roomId, origin, earliest: ['$a'], latest: ['$b'], limit: 10, minDepth: 0 });
});

test('one event is found by its ID alone', async () => {
  const { get, calls } = aFederationApp({
    room: { eventForServer: async () => '{"depth":1.0}' },
    deps: { roomOfEvent: async () => roomId },
  });
  const response = await get('/v1/event/%24a%2Fb');
  expect(await response.text()).toBe('{"origin":"us.test","origin_server_ts":1700000000000,"pdus":[{"depth":1.0}]}');
  expect(calls[0]?.call).toEqual({ roomId, origin, eventId: '$a/b' });
});

test('an event that was just made is looked for again for a second', async () => {
  const waits: number[] = [];
  const rooms: (RoomId | undefined)[] = [undefined, undefined, roomId];
  const { get } = aFederationApp({
    room: { eventForServer: async () => '{}' },
    deps: { roomOfEvent: async () => rooms.shift(), after: async (delayMs) => void waits.push(delayMs) },
  });
  expect((await get('/v1/event/$new')).status).toBe(200);
  expect(waits).toEqual([250, 250]);
});

test('an event that no index has is looked for in the rooms that the asker was lately sent events of', async () => {
  const rooms = ['!gone:us.test', '!other:us.test', roomId] as RoomId[];
  const { get, calls } = aFederationApp({
    room: {
      eventForServer: async (call) => {
        if (call.roomId !== roomId) throw notFound('There is no such event');
        return '{"depth":1}';
      },
    },
    deps: {
      latestRooms: async (asker) => (asker === origin ? rooms : []),
      after: () => Promise.reject(new Error('nothing is waited for')),
    },
  });
  expect(await (await get('/v1/event/$old')).json()).toMatchObject({ pdus: [{ depth: 1 }] });
  expect(calls.map(({ call }) => call)).toEqual(rooms.map((id) => ({ roomId: id, origin, eventId: '$old' })));
});

test('an event that is in no room of ours is not found', async () => {
  const waits: number[] = [];
  const { get, calls } = aFederationApp({ deps: { after: async (delayMs) => void waits.push(delayMs) } });
  expect(await refusal(await get('/v1/event/$none'))).toBe('404 M_NOT_FOUND');
  expect(waits.reduce((sum, delayMs) => sum + delayMs)).toBe(1_000);
  expect(calls).toEqual([]);
});

const reads = [
  `/v1/make_join/${room}/@alice:peer.test`,
  `/v1/make_leave/${room}/@alice:peer.test`,
  `/v1/state/${room}?event_id=$e`,
  `/v1/state_ids/${room}?event_id=$e`,
  `/v1/event_auth/${room}/$e`,
  `/v1/backfill/${room}?v=$e&limit=1`,
];

test.each(reads)('%s of a room that is none of ours is not found, and no object is addressed', async (path) => {
  const { get, calls } = aFederationApp({ versions: {} });
  expect(await refusal(await get(path))).toBe('404 M_NOT_FOUND');
  expect(calls).toEqual([]);
});

test.each(reads)('%s answers with what the room refuses', async (path) => {
  const refuse = async () => {
    throw forbidden('Your server is not in the room');
  };
  const methods = ['makeMembership', 'stateForServer', 'stateIdsForServer', 'eventAuthForServer', 'backfillForServer'];
  const { get } = aFederationApp({ room: Object.fromEntries(methods.map((method) => [method, refuse])) });
  expect(await refusal(await get(path))).toBe('403 M_FORBIDDEN');
});

test('missing events of a room that is none of ours are not found', async () => {
  const { post, calls } = aFederationApp({ versions: {} });
  const response = await post(`/v1/get_missing_events/${room}`, { earliest_events: [], latest_events: [] });
  expect(await refusal(response)).toBe('404 M_NOT_FOUND');
  expect(calls).toEqual([]);
});

test.each([
  ['/v1/make_join/nonsense/@alice:peer.test', '400 M_INVALID_PARAM'],
  [`/v1/make_join/${room}/alice`, '400 M_INVALID_PARAM'],
  [`/v1/state/${room}`, '400 M_MISSING_PARAM'],
  [`/v1/state_ids/${room}?event_id=e`, '400 M_INVALID_PARAM'],
  [`/v1/backfill/${room}?limit=1`, '400 M_MISSING_PARAM'],
  [`/v1/backfill/${room}?v=$e`, '400 M_MISSING_PARAM'],
  [`/v1/backfill/${room}?v=$e&limit=-1`, '400 M_INVALID_PARAM'],
  ['/v1/event/e', '400 M_INVALID_PARAM'],
])('%s is %s', async (path, answer) => {
  const { get, calls } = aFederationApp();
  expect(await refusal(await get(path))).toBe(answer);
  expect(calls).toEqual([]);
});

test.each([
  [{}, '400 M_MISSING_PARAM'],
  [{ earliest_events: [], latest_events: '$b' }, '400 M_BAD_JSON'],
  [{ earliest_events: [], latest_events: ['b'] }, '400 M_INVALID_PARAM'],
  [{ earliest_events: [], latest_events: [], limit: -1 }, '400 M_BAD_JSON'],
])('a question for missing events of the wrong shape, %j, is %s', async (body, answer) => {
  const { post, calls } = aFederationApp();
  expect(await refusal(await post(`/v1/get_missing_events/${room}`, body))).toBe(answer);
  expect(calls).toEqual([]);
});
