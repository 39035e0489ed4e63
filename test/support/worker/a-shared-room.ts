import { env, exports } from 'cloudflare:workers';

import { readConfig, type Env } from '../../../src/config.ts';
import { objectStubs } from '../../../src/durable/objects.ts';
import { roomClient } from '../../../src/durable/room/client.ts';
import { serverKeysOf } from '../../../src/durable/server-keys.ts';
import { buildXMatrix } from '../../../src/matrix/crypto/x-matrix.ts';
import { buildPdu, type PduDraft } from '../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../core/rules-of.ts';
import type { TestServer } from '../core/test-keys.ts';

export const bindings = env as unknown as Env;
export const config = readConfig(bindings);
export const rooms = roomClient(objectStubs(bindings, config));
const worker = exports as unknown as { default: Fetcher };
const rules = rulesOf('11');

export interface SharedRoom {
  readonly roomId: RoomId;
  readonly alice: UserId;
  readonly bob: UserId;
  readonly create: Pdu;
  /** The peer's newest event, which {@link anEvent} builds on. */
  last: Pdu;
  /** A message of the peer's user after the last one of the room; signed by the peer, or by another server. */
  anEvent(changes?: Partial<PduDraft>, signer?: Pick<TestServer, 'name' | 'signingKey'>): Pdu;
  /** Sends a transaction of the peer through the Worker. */
  push(...pdus: readonly JsonObject[]): Promise<Response>;
  readEvent(eventId: EventId): Promise<{ readonly content: JsonObject }>;
}

/** A public room of ours, of Alice, that Bob of the peer has joined over the federation. */
export async function aSharedRoom(peer: TestServer): Promise<SharedRoom> {
  const { serverName } = config;
  const [alice, bob] = [`@alice:${serverName}`, `@bob:${peer.name}`] as [UserId, UserId];
  const roomId = `!${crypto.randomUUID()}:${serverName}` as RoomId;
  const create = await createdBy(alice, roomId);
  const template = await rooms.makeMembership({ roomId, origin: peer.name, userId: bob, membership: 'join' });
  const { prev_events: prev, auth_events: auth, depth } = template.event;
  let authEvents = auth as unknown as readonly EventId[];
  const room: SharedRoom = {
    roomId,
    alice,
    bob,
    create,
    last: { ...create, depth: Number(depth) - 1 },
    anEvent(changes = {}, signer = peer) {
      const draft = {
        roomId,
        type: 'm.room.message',
        sender: bob,
        content: { body: 'hello', msgtype: 'm.text' },
        prevEvents: [room.last.eventId],
        authEvents,
        depth: room.last.depth + 1,
        originServerTs: Date.now(),
        ...changes,
      };
      const built = buildPdu(rules, draft, signer.name, signer.signingKey);
      if (!built.ok) throw new Error(built.reason.kind);
      return built.value;
    },
    push(...pdus) {
      const uri = '/_matrix/federation/v1/send/1';
      const content = { origin: peer.name, origin_server_ts: 1, pdus };
      const request = { method: 'PUT', uri, origin: peer.name, destination: serverName, content };
      return worker.default.fetch(`https://us.test${uri}`, {
        method: 'PUT',
        body: canonicalJson(content),
        headers: { authorization: buildXMatrix(request, peer.signingKey) },
      });
    },
    readEvent: (eventId) => rooms.readEvent({ roomId, userId: alice, scope: 'test', eventId }),
  };
  const join = room.anEvent({
    type: 'm.room.member',
    stateKey: bob,
    content: { membership: 'join' },
    prevEvents: prev as unknown as readonly EventId[],
  });
  const pdu = { eventId: join.eventId, json: canonicalJson(join.json) };
  await rooms.acceptMembership({ roomId, origin: peer.name, pdu, membership: 'join' });
  room.last = join;
  authEvents = [create.eventId, join.eventId];
  return room;
}

async function createdBy(creator: UserId, roomId: RoomId): Promise<Pdu> {
  const signingKey = await serverKeysOf(bindings, config).active();
  const draft = {
    roomId,
    type: 'm.room.create',
    sender: creator,
    stateKey: '',
    content: { room_version: '11' },
    prevEvents: [],
    authEvents: [],
    depth: 1,
    originServerTs: Date.now(),
  };
  const built = buildPdu(rules, draft, config.serverName, signingKey);
  if (!built.ok) throw new Error(built.reason.kind);
  await bindings.DB.prepare(
    'insert into rooms (room_id, room_version, created_ts, published, projected_pos) values (?, ?, 0, 0, 0)',
  )
    .bind(roomId, '11')
    .run();
  const initial = [
    { type: 'm.room.member', stateKey: creator, content: { membership: 'join' } },
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  ];
  const create = { eventId: built.value.eventId, json: canonicalJson(built.value.json) };
  await rooms.create({ roomId, roomVersion: '11', create, creatorShard: 'shard', initial });
  return built.value;
}
