// Restricted rooms as the resident server (Server-Server API, "Restricted rooms")
import { beforeAll, describe, expect, test, vi } from 'vitest';

import { createPduChecker } from '../../../../../src/federation/receive/pdu-checker.ts';
import { verifyKeyFromBase64 } from '../../../../../src/matrix/crypto/ed25519.ts';
import type { Pdu } from '../../../../../src/matrix/event/pdu.ts';
import type { RoomId, UserId } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { eventPath, refusal } from '../../../../support/worker/a-federation-app.ts';
import {
  alice,
  aRealRoom,
  bob,
  eve,
  joined,
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

/** A room whose join rule lets in the members of others. */
async function aRestrictedRoom(version: string, allow: readonly RoomId[], joinRule = 'restricted'): Promise<RealRoom> {
  const room = await aRealRoom(version, 'private_chat');
  await setState(room, 'm.room.join_rules', {
    join_rule: joinRule,
    allow: allow.map((roomId) => ({ type: 'm.room_membership', room_id: roomId })),
  });
  return room;
}

const setState = ({ roomId }: RealRoom, type: string, content: JsonObject) =>
  rooms.send({ roomId, draft: { type, sender: alice, stateKey: '', content } });

/** Rooms that the app of one knows, and the other's too. */
const seenFrom = (room: RealRoom, space: RealRoom): RealRoom => {
  space.register(room.roomId);
  return { ...room, get: space.get, put: space.put };
};

const makeJoin = (room: RealRoom) => room.get(room.path('/v1/make_join', `/${eve}?ver=${room.rules.id}`));
const sendJoin = (room: RealRoom, { eventId, json }: Pdu) =>
  room.put(eventPath('/v2/send_join', eventId, room.roomId), json);

async function isSignedByUs({ rules }: RealRoom, event: JsonObject): Promise<boolean> {
  const ours = verifyKeyFromBase64((await signingKey()).publicKey);
  if (ours === undefined) throw new Error('no key');
  const checker = createPduChecker({
    keys: { keyFor: async (server) => (server === serverName ? ours : peer.verifyKey) },
    late: () => new Promise(() => undefined),
  });
  return (await checker.check(rules, [event])).length === 1;
}

describe.each([
  ['8', 'restricted'],
  ['11', 'restricted'],
  ['11', 'knock_restricted'],
  ['12', 'restricted'],
])('a room of version %s with join rule %s', (version, joinRule) => {
  test('lets in a member of a room that it names, and signs the join', async () => {
    const space = await aRealRoom(version);
    await joined(space);
    const room = seenFrom(await aRestrictedRoom(version, [space.roomId], joinRule), space);
    const template = await templateOf(room, 'join');
    expect(template['content']).toEqual({ membership: 'join', join_authorised_via_users_server: alice });
    const join = signed(room, template);
    const answer = await sendJoin(room, join);
    expect(answer.status).toBe(200);
    const { event } = await answer.json<{ event: JsonObject }>();
    expect(Object.keys(event['signatures'] as JsonObject).toSorted()).toEqual([peer.name, serverName].toSorted());
    expect(await isSignedByUs(room, event)).toBe(true);
    expect(await rooms.isJoined({ roomId: room.roomId, userId: eve })).toBe(true);
    // What the others are told carries the signature too.
    const again = await sendJoin(room, join);
    expect((await again.json<{ event: JsonObject }>()).event).toEqual(event);
  });
});

test('who is in none of the rooms is refused', async () => {
  const space = await aRealRoom('11');
  const room = seenFrom(await aRestrictedRoom('11', [space.roomId]), space);
  expect(await refusal(await makeJoin(room))).toBe('403 M_FORBIDDEN');
});

test('without conditions nobody is let in', async () => {
  expect(await refusal(await makeJoin(await aRestrictedRoom('11', [])))).toBe('403 M_FORBIDDEN');
});

test('where a room that might let them in is not known here, another server is to be asked', async () => {
  const space = await aRealRoom('11');
  const elsewhere = '!elsewhere:other.test' as RoomId;
  const room = seenFrom(await aRestrictedRoom('11', [space.roomId, elsewhere]), space);
  expect(await refusal(await makeJoin(room))).toBe('400 M_UNABLE_TO_AUTHORISE_JOIN');
});

test('where none of our users may invite, another server is to be asked', async () => {
  const space = await aRealRoom('11');
  await joined(space);
  const room = seenFrom(await aRestrictedRoom('11', [space.roomId]), space);
  await setState(room, 'm.room.power_levels', { users: {}, invite: 50 });
  expect(await refusal(await makeJoin(room))).toBe('400 M_UNABLE_TO_GRANT_JOIN');
});

test('who is invited needs no condition and no signature of ours', async () => {
  const room = await aRestrictedRoom('11', []);
  await rooms.changeMembership({ roomId: room.roomId, action: 'invite', sender: alice, target: eve, content: {} });
  const template = await templateOf(room, 'join');
  expect(template['content']).toEqual({ membership: 'join' });
  expect((await sendJoin(room, signed(room, template))).status).toBe(200);
});

test('who left the room that let them in between template and join is refused', async () => {
  const space = await aRealRoom('11');
  await joined(space);
  const room = seenFrom(await aRestrictedRoom('11', [space.roomId]), space);
  const join = signed(room, await templateOf(room, 'join'));
  await rooms.changeMembership({ roomId: space.roomId, action: 'kick', sender: alice, target: eve, content: {} });
  expect(await refusal(await sendJoin(room, join))).toBe('403 M_FORBIDDEN');
  expect(await rooms.isJoined({ roomId: room.roomId, userId: eve })).toBe(false);
});

test('a join that names a user of ours who may not invite is refused', async () => {
  const space = await aRealRoom('11');
  await joined(space);
  const room = seenFrom(await aRestrictedRoom('11', [space.roomId]), space);
  const template = await templateOf(room, 'join');
  const content = { membership: 'join', join_authorised_via_users_server: bob };
  expect(await refusal(await sendJoin(room, signed(room, { ...template, content })))).toBe('403 M_FORBIDDEN');
});

test('a join without the signature of its own server is not signed for it', async () => {
  const space = await aRealRoom('11');
  await joined(space);
  const room = seenFrom(await aRestrictedRoom('11', [space.roomId]), space);
  const join = signed(room, await templateOf(room, 'join'));
  const unsigned = { ...join, json: { ...join.json, signatures: {} } };
  expect(await refusal(await sendJoin(room, unsigned))).toBe('400 M_INVALID_PARAM');
});

test('a user of another server is not asked after', async () => {
  const room = await aRestrictedRoom('11', []);
  const mallory = '@mallory:other.test' as UserId;
  const response = await room.get(room.path('/v1/make_join', `/${mallory}?ver=11`));
  expect(await refusal(response)).toBe('403 M_FORBIDDEN');
});
