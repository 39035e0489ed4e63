import { describe, expect, test } from 'vitest';

import { forbidden } from '../../../../../src/matrix/error.ts';
import { verifyEventSignature } from '../../../../../src/matrix/event/check-signatures.ts';
import { parsePdu } from '../../../../../src/matrix/event/format.ts';
import type { Pdu } from '../../../../../src/matrix/event/pdu.ts';
import type { RoomId, UserId } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { buildPdu, type PduDraft } from '../../../../../src/matrix/event/build.ts';
import { rulesOf } from '../../../../support/core/rules-of.ts';
import { aServer } from '../../../../support/core/test-keys.ts';
import {
  aFederationApp,
  bob,
  eventPath,
  peer,
  refusal,
  roomId,
  us,
} from '../../../../support/worker/a-federation-app.ts';
import { aMembership } from '../../../../support/worker/a-membership.ts';

const stored = { receiveInvite: async () => ({ eventId: invite.eventId, pos: 1 }) };
const invite = aMembership(peer, 'invite', { stateKey: bob });
const v2 = (event: Pdu, changes: JsonObject = {}): JsonObject => ({
  room_version: '11',
  event: event.json,
  invite_room_state: [],
  ...changes,
});

function isSignedByUs(version: string, json: JsonObject): boolean {
  const rules = rulesOf(version);
  const pdu = parsePdu(rules, json);
  return pdu.ok && verifyEventSignature(rules, pdu.value, us.name, us.signingKey.keyId, us.verifyKey);
}

test('an invitation is stored before it is answered with our signature added', async () => {
  const { put, calls } = aFederationApp({ room: stored, versions: {} });
  const response = await put(eventPath('/v2/invite', invite.eventId), v2(invite));
  expect(response.status).toBe(200);
  const { event } = await response.json<{ event: JsonObject }>();
  expect(isSignedByUs('11', event)).toBe(true);
  expect({ ...event, signatures: undefined }).toEqual({ ...invite.json, signatures: undefined });
  expect(event['signatures']).toMatchObject(invite.json['signatures'] as JsonObject);
  expect(calls.map(({ method }) => method)).toEqual(['register', 'receiveInvite']);
  expect(calls[0]?.call).toEqual([roomId, '11']);
  expect(calls[1]?.call).toMatchObject({ roomId, roomVersion: '11', shard: 's1', pdu: { eventId: invite.eventId } });
});

test('unsigned data is neither kept nor answered', async () => {
  const { put } = aFederationApp({ room: stored });
  const event = { ...invite.json, unsigned: { age: 1 } };
  const response = await put(eventPath('/v2/invite', invite.eventId), v2(invite, { event }));
  expect((await response.json<{ event: JsonObject }>()).event).not.toHaveProperty('unsigned');
});

test('an invitation that the room refuses or that cannot be stored is not answered with a signature', async () => {
  const receiveInvite = async () => {
    throw forbidden('banned');
  };
  const { put } = aFederationApp({ room: { receiveInvite } });
  expect(await refusal(await put(eventPath('/v2/invite', invite.eventId), v2(invite)))).toBe('403 M_FORBIDDEN');
});

test('who wants no invitations gets none of other servers either', async () => {
  const users = { shardOf: async () => 's1', blocksInvites: async () => true, mayFederate: async () => true };
  const { put, calls } = aFederationApp({ room: stored, versions: {}, deps: { users } });
  expect(await refusal(await put(eventPath('/v2/invite', invite.eventId), v2(invite)))).toBe('403 M_INVITE_BLOCKED');
  expect(calls).toEqual([]);
});

test.each([
  ['an encrypted', 'room-encrypted', { encrypted: false }, { type: 'm.room.encryption', content: { algorithm: 'a' } }],
  ['a public', 'room-public', { nonPrivate: false }, { type: 'm.room.join_rules', content: { join_rule: 'public' } }],
])('an invitation to %s room is refused where the settings say so', async (_what, reason, limits, event) => {
  const roomLimits = async () => ({ maxPublicMembers: 0, encrypted: true, nonPrivate: true, ...limits });
  const body = v2(invite, { invite_room_state: [{ ...event, state_key: '', sender: invite.sender }] });
  const path = eventPath('/v2/invite', invite.eventId);
  const { put, calls } = aFederationApp({ room: stored, deps: { roomLimits } });
  const response = await put(path, body);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ errcode: 'M_FORBIDDEN', reason });
  expect(calls).toEqual([]);
  expect((await aFederationApp({ room: stored }).put(path, body)).status).toBe(200);
  expect((await aFederationApp({ room: stored, deps: { roomLimits } }).put(path, v2(invite))).status).toBe(200);
});

test('an unknown room version is told with its name', async () => {
  const { put, calls } = aFederationApp({ room: stored });
  const response = await put(eventPath('/v2/invite', invite.eventId), v2(invite, { room_version: 'future' }));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errcode: 'M_INCOMPATIBLE_ROOM_VERSION', room_version: 'future' });
  expect(calls).toEqual([]);
});

test('an invitation that the room takes in another version than was claimed before corrects it', async () => {
  const { put, calls } = aFederationApp({ room: stored, versions: { [roomId]: '10' } });
  expect((await put(eventPath('/v2/invite', invite.eventId), v2(invite))).status).toBe(200);
  expect(calls.map(({ method }) => method)).toEqual(['register', 'receiveInvite', 'setVersion']);
  expect(calls[2]?.call).toEqual([roomId, '11']);
});

describe('nothing is signed or stored of', () => {
  const other = aServer('other.test');
  test.each([
    ['an event of another type', aMembership(peer, 'invite', { stateKey: bob, type: 'm.room.name' })],
    ['a join', aMembership(peer, 'join', { stateKey: bob })],
    ["an invitation by another server's user", aMembership(other, 'invite', { stateKey: bob })],
    [
      'an invitation by a user of ours',
      aMembership(peer, 'invite', { stateKey: bob, sender: '@carol:us.test' as UserId }),
    ],
    ["an invitation of another server's user", aMembership(peer, 'invite', { stateKey: '@eve:else.test' })],
    ['an invitation of no user', aMembership(peer, 'invite', { stateKey: 'bob' })],
    [
      'an invitation to another room',
      aMembership(peer, 'invite', { stateKey: bob, roomId: '!else:peer.test' as RoomId }),
    ],
  ])('%s', async (_what, wrong) => {
    const { put, calls } = aFederationApp({ room: stored, servers: [other] });
    expect(await refusal(await put(eventPath('/v2/invite', wrong.eventId), v2(wrong)))).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });

  test.each([
    ['an unsigned invitation', { ...invite.json, signatures: {} }],
    ['a forged one', { ...invite.json, signatures: { [peer.name]: { 'ed25519:1': 'A'.repeat(86) } } }],
    ['a changed one', { ...invite.json, content: { membership: 'invite', reason: 'changed' } }],
  ])('%s', async (_what, event) => {
    const { put, calls } = aFederationApp({ room: stored });
    const response = await put(eventPath('/v2/invite', invite.eventId), v2(invite, { event }));
    expect(await refusal(response)).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });

  test('an invitation of a user of ours who does not exist', async () => {
    const nobody = aMembership(peer, 'invite', { stateKey: '@nobody:us.test' });
    const { put, calls } = aFederationApp({ room: stored });
    expect(await refusal(await put(eventPath('/v2/invite', nobody.eventId), v2(nobody)))).toBe('404 M_NOT_FOUND');
    expect(calls).toEqual([]);
  });

  test.each([
    ['a body without an event', { room_version: '11' }, '400 M_MISSING_PARAM'],
    ['a body without a room version', { event: invite.json }, '400 M_MISSING_PARAM'],
    ['a version that none can be', { room_version: 'x'.repeat(70_000), event: {} }, '400 M_INVALID_PARAM'],
    ['an event that is no object', { room_version: '11', event: 1 }, '400 M_BAD_JSON'],
  ])('%s', async (_what, body, answer) => {
    const { put, calls } = aFederationApp({ room: stored });
    expect(await refusal(await put(eventPath('/v2/invite', invite.eventId), body))).toBe(answer);
    expect(calls).toEqual([]);
  });
});

test('the invited client is shown stripped state of the room only', async () => {
  const name = { type: 'm.room.name', state_key: '', sender: '@alice:peer.test', content: { name: 'Room' } };
  const state = [
    { ...name, event_id: '$x', signatures: {} },
    { ...name, room_id: '!else:peer.test' },
    1,
    { type: 'x' },
  ];
  const { put, calls } = aFederationApp({ room: stored });
  await put(eventPath('/v2/invite', invite.eventId), v2(invite, { invite_room_state: state }));
  expect(calls.at(-1)?.call).toMatchObject({ inviteRoomState: [name] });
});

describe('in room version 12', () => {
  const draft = (type: string, changes: Partial<PduDraft> = {}, server = peer): Pdu => {
    const built = buildPdu(
      rulesOf('12'),
      {
        type,
        sender: `@alice:${server.name}` as UserId,
        stateKey: '',
        content: { room_version: '12' },
        prevEvents: [],
        authEvents: [],
        depth: 1,
        originServerTs: 1_700_000_000_000,
        ...changes,
      },
      server.name,
      server.signingKey,
    );
    if (!built.ok) throw new Error(built.reason.kind);
    return built.value;
  };
  const create = draft('m.room.create');
  const room = create.roomId;
  const name = draft('m.room.name', { roomId: room, content: { name: 'Room' } });
  const invite12 = aMembership(peer, 'invite', { version: '12', stateKey: bob, roomId: room });
  const send = (state: readonly JsonObject[]) => {
    const world = aFederationApp({ room: stored });
    const body = { room_version: '12', event: invite12.json, invite_room_state: state };
    return { ...world, response: world.put(eventPath('/v2/invite', invite12.eventId, room), body) };
  };

  test('the state comes as signed events of the room and is stripped for the client', async () => {
    const { response, calls } = send([create.json, name.json]);
    expect((await response).status).toBe(200);
    const stripped = { type: 'm.room.name', state_key: '', sender: '@alice:peer.test', content: { name: 'Room' } };
    expect(calls.at(-1)?.call).toMatchObject({ inviteRoomState: [{ type: 'm.room.create' }, stripped] });
  });

  test('what another server signed that is down is left out, and an altered content is not shown', async () => {
    const down = draft('m.room.topic', { roomId: room, content: { topic: 'Topic' } }, aServer('down.test'));
    const altered = { ...name.json, content: { name: 'Forged' } };
    const { response, calls } = send([create.json, down.json, altered]);
    expect((await response).status).toBe(200);
    expect(calls.at(-1)?.call).toMatchObject({
      inviteRoomState: [{ type: 'm.room.create' }, { type: 'm.room.name', content: {} }],
    });
  });

  test('a create event that names another version is refused', async () => {
    const wrong = draft('m.room.create', { content: { room_version: '11' } });
    const event = aMembership(peer, 'invite', { version: '12', stateKey: bob, roomId: wrong.roomId });
    const body = { room_version: '12', event: event.json, invite_room_state: [wrong.json] };
    const { put, calls } = aFederationApp({ room: stored });
    const response = await put(eventPath('/v2/invite', event.eventId, wrong.roomId), body);
    expect(await refusal(response)).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });

  test.each([
    ['no create event', [name.json]],
    ['an entry in stripped form', [create.json, { type: 'm.room.name', state_key: '', sender: '@a:b', content: {} }]],
    ['a create event of another room', [draft('m.room.create', { depth: 2 }).json]],
    ['an entry that is not signed', [create.json, { ...name.json, signatures: {} }]],
  ])('%s is refused and nothing is signed', async (_what, state) => {
    const { response, calls } = send(state);
    expect(await refusal(await response)).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });
});

describe('by the first version', () => {
  const old = (version: string) => aMembership(peer, 'invite', { version, stateKey: bob });

  test('the event is the body and the answer a pair', async () => {
    const { put, calls } = aFederationApp({ room: stored, versions: {} });
    const response = await put(eventPath('/v1/invite', old('1').eventId), old('1').json);
    const [status, answer] = await response.json<[number, { event: JsonObject }]>();
    expect(status).toBe(200);
    expect(isSignedByUs('1', answer.event)).toBe(true);
    expect(calls[0]?.call).toEqual([roomId, '1']);
  });

  test('the create event tells version 2 from version 1, and the state comes with it', async () => {
    const create = {
      type: 'm.room.create',
      state_key: '',
      sender: '@alice:peer.test',
      content: { room_version: '2' },
    };
    const body = { ...old('2').json, unsigned: { invite_room_state: [create] } };
    const { put, calls } = aFederationApp({ room: stored, versions: {} });
    expect((await put(eventPath('/v1/invite', old('2').eventId), body)).status).toBe(200);
    expect(calls[0]?.call).toEqual([roomId, '2']);
    expect(calls[1]?.call).toMatchObject({ inviteRoomState: [create] });
  });

  test('a later version that an earlier invitation claimed does not count', async () => {
    const { put, calls } = aFederationApp({ room: stored, versions: { [roomId]: '10' } });
    expect((await put(eventPath('/v1/invite', old('1').eventId), old('1').json)).status).toBe(200);
    expect(calls.at(-1)).toEqual({ method: 'setVersion', call: [roomId, '1'] });
  });

  test('of a room of version 2 that we know, the create event need not come', async () => {
    const { put, calls } = aFederationApp({ room: stored, versions: { [roomId]: '2' } });
    expect((await put(eventPath('/v1/invite', old('2').eventId), old('2').json)).status).toBe(200);
    expect(calls.at(-1)).toMatchObject({ method: 'receiveInvite', call: { roomVersion: '2' } });
  });

  test('an event of a later version is refused: the request names none', async () => {
    const { put, calls } = aFederationApp({ room: stored, versions: {} });
    expect(await refusal(await put(eventPath('/v1/invite', invite.eventId), invite.json))).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });
});
