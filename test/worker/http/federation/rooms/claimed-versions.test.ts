import { env } from 'cloudflare:workers';
import { beforeAll, expect, test, vi } from 'vitest';

import type { Env } from '../../../../../src/config.ts';
import { createPduChecker } from '../../../../../src/federation/receive/pdu-checker.ts';
import { buildPdu } from '../../../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../../../src/matrix/event/pdu.ts';
import type { RoomId, ServerName, UserId } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { allow, deny } from '../../../../../src/matrix/result.ts';
import { joinRoom } from '../../../../../src/rooms/join-room.ts';
import type { RemoteServers, RoomsDeps } from '../../../../../src/rooms/ports.ts';
import { receiveInvite } from '../../../../../src/rooms/receive-invite.ts';
import { knownRooms } from '../../../../../src/storage/d1/known-rooms.ts';
import { roomRegistry } from '../../../../../src/storage/d1/room-registry.ts';
import { rulesOf } from '../../../../support/core/rules-of.ts';
import { aServer } from '../../../../support/core/test-keys.ts';
import { eventPath, refusal } from '../../../../support/worker/a-federation-app.ts';
import { aMembership } from '../../../../support/worker/a-membership.ts';
import {
  alice,
  aRealRoom,
  bob,
  eve,
  peer,
  rooms,
  serverName,
  signingKey,
} from '../../../../support/worker/a-real-room.ts';
import { keysOf } from '../../../../support/worker/a-remote-room.ts';
import { aRoomsDeps } from '../../../../support/worker/a-rooms-app.ts';

const { DB } = env as unknown as Env;
const liar = aServer('liar.test');

beforeAll(() => {
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('connection refused'));
});

/** A public room of version 11 of the peer's, and the servers that let others in; each names a version of its own. */
function outside(versions: Readonly<Record<string, string>>) {
  const roomId = `!${crypto.randomUUID()}:${peer.name}` as RoomId;
  const state: Pdu[] = [];
  for (const [type, stateKey, content] of [
    ['m.room.create', '', { room_version: '11' }],
    ['m.room.member', eve, { membership: 'join' }],
    ['m.room.join_rules', '', { join_rule: 'public' }],
  ] as const) {
    const last = state.at(-1);
    const built = buildPdu(
      rulesOf('11'),
      {
        roomId,
        type,
        sender: eve,
        stateKey,
        content,
        prevEvents: last === undefined ? [] : [last.eventId],
        authEvents: state.map(({ eventId }) => eventId),
        depth: state.length + 1,
        originServerTs: Date.now(),
      },
      peer.name,
      peer.signingKey,
    );
    if (!built.ok) throw new Error(built.reason.kind);
    state.push(built.value);
  }
  const [create, , joinRules] = state.map(({ eventId }) => eventId);
  const events: readonly JsonObject[] = state.map(({ json }) => json);
  const asked: string[] = [];
  const remote: Partial<RemoteServers> = {
    makeJoin: async (server, { userId }) => {
      asked.push(server);
      const event = {
        type: 'm.room.member',
        room_id: roomId,
        sender: userId,
        state_key: userId,
        content: { membership: 'join' },
        prev_events: [joinRules ?? ''],
        auth_events: [create ?? '', joinRules ?? ''],
        depth: 4,
      };
      const roomVersion = versions[server];
      return roomVersion === undefined
        ? deny({ kind: 'unreachable', error: 'no such server' })
        : allow({ roomVersion, event });
    },
    sendJoin: async (_server, _query, take) => {
      await take('state', events);
      return allow({ event: undefined });
    },
    makeLeave: async () => deny({ kind: 'unreachable', error: 'no' }),
  };
  return { roomId, remote, asked };
}

/** Over the real room object and table. */
function deps(remote: Partial<RemoteServers> = {}) {
  const never = () => new Promise<void>(() => undefined);
  const users = {
    shardOf: async () => 'claimed',
    profileOf: async () => ({}),
    blocksInvites: async () => false,
    mayFederate: async () => true,
  };
  const pdus = createPduChecker({ keys: keysOf(peer, liar), late: never });
  const real: RoomsDeps = {
    ...aRoomsDeps().deps.rooms,
    serverName,
    rooms,
    remote: remote as RemoteServers,
    pdus,
    registry: roomRegistry(DB, Date.now),
    users,
    signingKey,
    now: Date.now,
    after: never,
    randomId: () => crypto.randomUUID(),
  };
  return { ...real, rooms, knownRooms: knownRooms(DB, Date.now) };
}

async function invited(roomId: RoomId, roomVersion: string, invitee: UserId): Promise<void> {
  const { eventId, json } = aMembership(liar, 'invite', { version: roomVersion, roomId, stateKey: invitee });
  const request = { origin: liar.name, roomId, eventId, event: json, roomVersion, inviteRoomState: [] };
  await receiveInvite(deps(), request);
}

const join = (remote: Partial<RemoteServers>, roomId: RoomId, via: readonly ServerName[]) =>
  joinRoom(deps(remote), { userId: alice, shard: 'claimed' }, roomId, via, {});

test.each(['1', '3', '10'])(
  'an invitation that claims version %s does not decide how the room is read',
  async (wrong) => {
    const { roomId, remote } = outside({ [peer.name]: '11' });
    await invited(roomId, wrong, bob);
    expect(await knownRooms(DB, Date.now).versionOf(roomId)).toBe(wrong);
    await join(remote, roomId, [peer.name]);
    expect(await rooms.status({ roomId })).toMatchObject({ lifecycle: 'live', roomVersion: '11' });
    expect(await knownRooms(DB, Date.now).versionOf(roomId)).toBe('11');
  },
);

test('a later invitation of the right version is not refused for an earlier one', async () => {
  const { roomId } = outside({});
  await invited(roomId, '10', bob);
  await invited(roomId, '11', alice);
  expect(await rooms.status({ roomId })).toMatchObject({ lifecycle: 'stub', roomVersion: '11' });
  expect(await rooms.readInvite({ roomId, userId: bob })).toMatchObject([{ type: 'm.room.member', state_key: bob }]);
});

test('a server that lies about the version lets nobody in, and the next one does', async () => {
  const { roomId, remote, asked } = outside({ [liar.name]: '9', [peer.name]: '11' });
  await join(remote, roomId, [liar.name]);
  expect(asked).toEqual([liar.name, peer.name]);
  expect(await rooms.status({ roomId })).toMatchObject({ lifecycle: 'live', roomVersion: '11' });
  expect(await knownRooms(DB, Date.now).versionOf(roomId)).toBe('11');
});

test('a room that we were in keeps its version, whatever a server says when it is joined again', async () => {
  const { roomId, remote, asked } = outside({ [liar.name]: '9', [peer.name]: '11' });
  await join(remote, roomId, [peer.name]);
  await rooms.changeMembership({ roomId, action: 'leave', sender: alice, target: alice, content: {} });
  await expect(invited(roomId, '10', bob)).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  await join(remote, roomId, [liar.name]);
  expect(asked).toEqual([peer.name, liar.name, peer.name]);
  expect(await rooms.status({ roomId })).toMatchObject({ lifecycle: 'live', roomVersion: '11' });
});

test('a room that we are in is not invited to in another version', async () => {
  const room = await aRealRoom('11');
  const { roomId } = room;
  const invite = aMembership(peer, 'invite', { version: '10', roomId, stateKey: bob, sender: eve });
  const body = { room_version: '10', event: invite.json, invite_room_state: [] };
  const response = await room.put(eventPath('/v2/invite', invite.eventId, roomId), body);
  expect(await refusal(response)).toBe('400 M_INVALID_PARAM');
});
