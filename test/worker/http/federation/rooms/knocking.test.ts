// Knocks of users of other servers on rooms of ours (Server-Server API, "Knocking upon a room")
import { beforeAll, describe, expect, test, vi } from 'vitest';

import { createPduChecker } from '../../../../../src/federation/receive/pdu-checker.ts';
import { verifyKeyFromBase64 } from '../../../../../src/matrix/crypto/ed25519.ts';
import type { Pdu } from '../../../../../src/matrix/event/pdu.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { aFederationApp, eventPath, peer as fakePeer, refusal } from '../../../../support/worker/a-federation-app.ts';
import { aMembership } from '../../../../support/worker/a-membership.ts';
import {
  alice,
  aRealRoom,
  eve,
  peer,
  rooms,
  serverName,
  signed,
  signingKey,
  templateOf,
  type RealRoom,
} from '../../../../support/worker/a-real-room.ts';

beforeAll(() => {
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('connection refused'));
});

async function aKnockRoom(version: string, joinRule = 'knock'): Promise<RealRoom> {
  const room = await aRealRoom(version, 'private_chat');
  const { roomId } = room;
  const content = { join_rule: joinRule };
  await rooms.send({ roomId, draft: { type: 'm.room.join_rules', sender: alice, stateKey: '', content } });
  return room;
}

const makeKnock = (room: RealRoom, version = room.rules.id) =>
  room.get(room.path('/v1/make_knock', `/${eve}?ver=${version}`));
const sendKnock = (room: RealRoom, { eventId, json }: Pdu) =>
  room.put(eventPath('/v1/send_knock', eventId, room.roomId), json);

async function knocked(room: RealRoom): Promise<{ readonly knock: Pdu; readonly state: readonly JsonObject[] }> {
  const knock = signed(room, await templateOf(room, 'knock'));
  const answer = await sendKnock(room, knock);
  expect(answer.status).toBe(200);
  return { knock, state: (await answer.json<{ knock_room_state: JsonObject[] }>()).knock_room_state };
}

async function membershipOfEve({ roomId }: RealRoom): Promise<unknown> {
  const call = { roomId, userId: alice, scope: 'test', type: 'm.room.member', stateKey: eve };
  return (await rooms.readStateEvent(call)).content['membership'];
}

describe.each([
  ['7', 'knock'],
  ['11', 'knock'],
  ['11', 'knock_restricted'],
  ['12', 'knock'],
])('a room of version %s with join rule %s', (version, joinRule) => {
  test('takes a knock, and tells with signed events what it is', async () => {
    const room = await aKnockRoom(version, joinRule);
    const { state } = await knocked(room);
    expect(await membershipOfEve(room)).toBe('knock');
    expect(state.map(({ type }) => type)).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name']));
    const ours = verifyKeyFromBase64((await signingKey()).publicKey);
    if (ours === undefined) throw new Error('no key');
    const checker = createPduChecker({
      keys: { keyFor: async (server) => (server === serverName ? ours : peer.verifyKey) },
      late: () => new Promise(() => undefined),
    });
    expect(await checker.check(room.rules, state)).toHaveLength(state.length);
  });
});

test('a knock is taken back over the leave of its server', async () => {
  const room = await aKnockRoom('11');
  await knocked(room);
  const leave = signed(room, await templateOf(room, 'leave'));
  expect((await room.put(eventPath('/v2/send_leave', leave.eventId, room.roomId), leave.json)).status).toBe(200);
  expect(await membershipOfEve(room)).toBe('leave');
});

test('the same knock handed in again is answered the same', async () => {
  const room = await aKnockRoom('11');
  const { knock, state } = await knocked(room);
  const again = await sendKnock(room, knock);
  expect((await again.json<{ knock_room_state: JsonObject[] }>()).knock_room_state).toEqual(state);
});

test('who is told no, or is banned, invited or joined already, is refused', async () => {
  expect(await refusal(await makeKnock(await aKnockRoom('11', 'invite')))).toBe('403 M_FORBIDDEN');
  for (const action of ['ban', 'invite'] as const) {
    const room = await aKnockRoom('11');
    await rooms.changeMembership({ roomId: room.roomId, action, sender: alice, target: eve, content: {} });
    expect(await refusal(await makeKnock(room))).toBe('403 M_FORBIDDEN');
  }
});

test('a server that does not know the version is told which it is', async () => {
  const room = await aKnockRoom('11');
  const response = await makeKnock(room, '7');
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errcode: 'M_INCOMPATIBLE_ROOM_VERSION', room_version: '11' });
});

test('a knock is no way to join', async () => {
  const room = await aKnockRoom('11');
  const template = await templateOf(room, 'knock');
  const join = signed(room, { ...template, content: { membership: 'join' } });
  expect(await refusal(await sendKnock(room, join))).toBe('400 M_INVALID_PARAM');
});

test.each([
  ['another type', aMembership(fakePeer, 'knock', { type: 'm.room.name' })],
  ['a state key that is not the sender', aMembership(fakePeer, 'knock', { stateKey: '@carol:peer.test' })],
])('%s is refused and not given to the room', async (_what, wrong) => {
  const { put, calls } = aFederationApp();
  expect(await refusal(await put(eventPath('/v1/send_knock', wrong.eventId), wrong.json))).toBe('400 M_INVALID_PARAM');
  expect(calls).toEqual([]);
});

test('an unsigned knock is refused', async () => {
  const knock = aMembership(fakePeer, 'knock');
  const { put, calls } = aFederationApp();
  const response = await put(eventPath('/v1/send_knock', knock.eventId), { ...knock.json, signatures: {} });
  expect(await refusal(response)).toBe('400 M_INVALID_PARAM');
  expect(calls).toEqual([]);
});

test('a room that is none of ours is not found', async () => {
  const { get } = aFederationApp({ versions: {} });
  expect(await refusal(await get('/v1/make_knock/!other:peer.test/@alice:peer.test?ver=11'))).toBe('404 M_NOT_FOUND');
});
