import { env } from 'cloudflare:workers';
import { expect } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { objectStubs } from '../../../src/durable/objects.ts';
import { roomClient } from '../../../src/durable/room/client.ts';
import { serverKeysOf } from '../../../src/durable/server-keys.ts';
import { buildPdu } from '../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { createRoom } from '../../../src/rooms/create-room.ts';
import { rulesOf } from '../core/rules-of.ts';
import { aServer } from '../core/test-keys.ts';
import { aFederationApp, eventPath } from './a-federation-app.ts';
import { aRoomsDeps } from './a-rooms-app.ts';

/** With a port, so that nothing is looked up for it. */
export const peer = aServer('peer.test:443');
const bindings = env as unknown as Env;
const config = readConfig(bindings);
export const { serverName } = config;
export const rooms = roomClient(objectStubs(bindings, config));
export const signingKey = () => serverKeysOf(bindings, config).active();
export const alice = `@alice:${serverName}` as UserId;
export const bob = `@bob:${serverName}` as UserId;
export const eve = `@eve:${peer.name}` as UserId;

/** A room of ours, and the endpoints over its real object, asked by `peer`. */
export async function aRealRoom(version: string, preset: 'public_chat' | 'private_chat' = 'public_chat') {
  const versions: Record<RoomId, string> = {};
  const { deps } = aRoomsDeps();
  const registry = {
    has: async (roomId: RoomId) => versions[roomId] !== undefined,
    add: async (roomId: RoomId, added: string) => void (versions[roomId] = added),
    setVersion: async (roomId: RoomId, adopted: string) => void (versions[roomId] = adopted),
    setPublished: async () => undefined,
  };
  const users = {
    shardOf: async () => 'real',
    profileOf: async () => ({}),
    blocksInvites: async () => false,
    mayFederate: async () => true,
  };
  const roomId = await createRoom(
    { ...deps.rooms, serverName, rooms, registry, users, signingKey, randomId: () => crypto.randomUUID() },
    { userId: alice, shard: 'real' },
    {
      roomVersion: version,
      preset,
      name: 'Name',
      topic: undefined,
      aliasName: undefined,
      creationContent: {},
      powerLevelContentOverride: {},
      initialState: [],
      invite: [],
      isDirect: false,
      isPublic: false,
    },
  );
  const app = aFederationApp({
    asker: peer,
    deps: {
      serverName,
      rooms,
      signingKey,
      registry,
      users,
      knownRooms: { versionOf: async (id) => versions[id] },
      roomOfEvent: async () => roomId,
    },
  });
  const path = (start: string, rest = '') => `${start}/${encodeURIComponent(roomId)}${rest}`;
  /** Has the endpoints know another room of ours too. */
  const register = (other: RoomId) => void (versions[other] = version);
  return { ...app, roomId, path, register, rules: rulesOf(version) };
}

export type RealRoom = Awaited<ReturnType<typeof aRealRoom>>;

export interface State {
  readonly state: readonly JsonObject[];
  readonly auth_chain: readonly JsonObject[];
}

export const idsIn = (list: JsonValue | undefined): readonly EventId[] =>
  Array.isArray(list) ? list.map((edge: JsonValue) => (Array.isArray(edge) ? edge[0] : edge) as EventId) : [];

/** Makes an event of peer's of a template, as another server would. */
export function signed(room: RealRoom, template: JsonObject): Pdu {
  const built = buildPdu(
    room.rules,
    {
      roomId: room.roomId,
      type: 'm.room.member',
      sender: eve,
      stateKey: eve,
      content: template['content'] as JsonObject,
      prevEvents: idsIn(template['prev_events']),
      authEvents: idsIn(template['auth_events']),
      depth: Number(template['depth']),
      originServerTs: Date.now(),
      ...(room.rules.eventId === 'sender'
        ? { eventId: `$${crypto.randomUUID()}:${peer.name}` as EventId, referenceHashOf: () => 'aGFzaA' }
        : {}),
    },
    peer.name,
    peer.signingKey,
  );
  if (!built.ok) throw new Error(built.reason.kind);
  return built.value;
}

/** What every membership event of the room names, besides memberships. */
export async function authEventsIn({ roomId }: RealRoom): Promise<readonly EventId[]> {
  const state = await rooms.readState({ roomId, userId: alice, scope: 'test' });
  const types = ['m.room.create', 'm.room.power_levels', 'm.room.join_rules'];
  return state.filter(({ type }) => types.includes(type)).map(({ event_id: id }) => id);
}

export async function templateOf(room: RealRoom, verb: 'join' | 'leave' | 'knock'): Promise<JsonObject> {
  const response = await room.get(room.path(`/v1/make_${verb}`, `/${eve}?ver=${room.rules.id}`));
  expect(response.status).toBe(200);
  const answer = await response.json<{ room_version: string; event: JsonObject }>();
  expect(answer.room_version).toBe(room.rules.id);
  return answer.event;
}

export async function joined(room: RealRoom): Promise<{ readonly join: Pdu; readonly answer: State }> {
  const join = signed(room, await templateOf(room, 'join'));
  const response = await room.put(eventPath('/v2/send_join', join.eventId, room.roomId), join.json);
  expect(response.status).toBe(200);
  return { join, answer: await response.json<State>() };
}
