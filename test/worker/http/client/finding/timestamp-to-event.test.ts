import { afterEach, expect, test, vi } from 'vitest';

import type { EventId } from '../../../../../src/matrix/ids/brands.ts';
import {
  aPeer,
  aRoom,
  federation,
  forgetPeers,
  inRoom,
  joinFrom,
  say,
  type RemoteMember,
} from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 20_000 });

const path = (roomId: string, query: string) =>
  `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/timestamp_to_event?${query}`;

const find = ({ token }: TestUser, roomId: string, ts: number, dir: 'f' | 'b') =>
  ask('GET', path(roomId, `ts=${ts}&dir=${dir}`), { token });

const NONE = { status: 404, body: { errcode: 'M_NOT_FOUND' } };

/** Says something at a time of its own. */
async function sayAt(member: RemoteMember, originServerTs: number): Promise<EventId> {
  const event = member.event({ originServerTs, content: { msgtype: 'm.text', body: `at ${originServerTs}` } });
  await member.peer.push(event.json);
  member.last = event;
  return event.eventId;
}

/** A room in which eve has spoken at each of these minutes from now on. */
async function spoken(minutes: readonly number[], body = {}) {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, body);
  const eve = await joinFrom(aPeer(), roomId);
  const start = Date.now() + 3_600_000;
  const at = (minute: number) => start + minute * 60_000;
  const ids: EventId[] = [];
  for (const minute of minutes) ids.push(await sayAt(eve, at(minute)));
  return { alice, roomId, eve, at, ids };
}

test('the closest event in either direction', async () => {
  const { alice, roomId, at, ids } = await spoken([0, 10, 20]);
  const found = async (minute: number, dir: 'f' | 'b') => (await find(alice, roomId, at(minute), dir)).body['event_id'];
  expect(await found(10, 'f')).toBe(ids[1]);
  expect(await found(10, 'b')).toBe(ids[1]);
  expect(await found(11, 'f')).toBe(ids[2]);
  expect(await found(19, 'b')).toBe(ids[1]);
  expect(await found(-1, 'f')).toBe(ids[0]);
  expect(await found(99, 'b')).toBe(ids[2]);
  expect(await find(alice, roomId, at(11), 'f')).toMatchObject({
    status: 200,
    body: { event_id: ids[2], origin_server_ts: at(20) },
  });
  expect(await find(alice, roomId, at(21), 'f')).toMatchObject(NONE);
  expect(await find(alice, roomId, 0, 'b')).toMatchObject(NONE);
  const state = await ask('GET', inRoom(roomId, '/state'), { token: alice.token });
  const create = (state.body as unknown as { type: string; event_id: string }[]).find(
    ({ type }) => type === 'm.room.create',
  );
  expect((await find(alice, roomId, 0, 'f')).body['event_id']).toBe(create?.event_id);
});

test('among many events, one with a false time misleads nobody', async () => {
  const minutes = Array.from({ length: 300 }, (_, index) => index);
  minutes[150] = 1_000;
  minutes[70] = -30;
  const { alice, roomId, at, ids } = await spoken(minutes);
  for (const minute of [5, 75, 149, 200, 299]) {
    expect(await find(alice, roomId, at(minute), 'f')).toMatchObject({ body: { event_id: ids[minute] } });
    expect(await find(alice, roomId, at(minute) + 1_000, 'b')).toMatchObject({ body: { event_id: ids[minute] } });
  }
});

test('events of the same time come in their order', async () => {
  const { alice, roomId, at, ids } = await spoken([0, 0, 0]);
  expect((await find(alice, roomId, at(0), 'f')).body['event_id']).toBe(ids[0]);
  expect((await find(alice, roomId, at(0), 'b')).body['event_id']).toBe(ids[2]);
});

test('what the asker may not see is passed over, and strangers are told nothing', async () => {
  const visibility = [{ type: 'm.room.history_visibility', content: { history_visibility: 'joined' } }];
  const { alice, roomId, at, eve } = await spoken([0, 10], { initial_state: visibility });
  const bob = await aLoggedInUser('bob');
  expect(await find(bob, roomId, at(0), 'f')).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  expect(await find(bob, '!nowhere:eyrie.test', at(0), 'f')).toMatchObject({ status: 403 });
  expect((await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} })).status).toBe(200);
  const later = await sayAt(eve, at(20));
  expect((await find(bob, roomId, at(0), 'f')).body['event_id']).toBe(later);
  expect((await find(alice, roomId, at(5), 'f')).body['origin_server_ts']).toBe(at(10));
});

test('a world readable room tells strangers too', async () => {
  const visibility = [{ type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } }];
  const { roomId, at, ids } = await spoken([0, 10], { initial_state: visibility });
  expect((await find(await aLoggedInUser('bob'), roomId, at(5), 'f')).body['event_id']).toBe(ids[1]);
});

test.each(['', 'ts=1', 'dir=f', 'ts=x&dir=f', 'ts=1&dir=up', 'ts=1.5&dir=f'])('%s is refused', async (query) => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  expect(await ask('GET', path(roomId, query), { token: alice.token })).toMatchObject({ status: 400 });
});

test('another server in the room is told what it may see', async () => {
  const visibility = [{ type: 'm.room.history_visibility', content: { history_visibility: 'joined' } }];
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { initial_state: visibility });
  const before = await say(alice, roomId, 'among ourselves');
  const eve = await joinFrom(aPeer(), roomId);
  const at = (minute: number) => eve.join.originServerTs + minute * 60_000;
  const later = await sayAt(eve, at(10));
  const asPeer = (ts: number, dir: string, peer = eve.peer) =>
    peer.ask('GET', `${federation}/timestamp_to_event/${encodeURIComponent(roomId)}?ts=${ts}&dir=${dir}`);
  expect(await asPeer(at(5), 'f')).toMatchObject({
    status: 200,
    body: { event_id: later, origin_server_ts: at(10) },
  });
  const event = await ask('GET', inRoom(roomId, `/event/${before}`), { token: alice.token });
  const { body } = await asPeer(Number(event.body['origin_server_ts']), 'f');
  expect(body['event_id']).toBe(eve.join.eventId);
  expect(await asPeer(at(11), 'f')).toMatchObject(NONE);
  expect(await asPeer(0, 'sideways')).toMatchObject({ status: 400 });
  expect(await asPeer(at(5), 'f', aPeer())).toMatchObject({ status: 403 });
});
