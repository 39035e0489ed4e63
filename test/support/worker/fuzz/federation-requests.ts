import { contentHash, eventIdOf } from '../../../../src/matrix/event/hashes.ts';
import { signatureOf } from '../../../../src/matrix/event/sign.ts';
import { isJsonObject, type JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../../src/matrix/json/strict-json.ts';
import { canonicalJson } from '../../../../src/matrix/json/canonical-json.ts';
import type { RoomVersionRules } from '../../../../src/matrix/room-versions/rules.ts';
import type { TestServer } from '../../core/test-keys.ts';
import type { Random } from '../../simulator/random.ts';
import { jsonText, mutated, oddBody, oddSegment, oddString, oddValue, percentEncoded } from './odd-values.ts';

/** A room of ours that the peer is in. */
export interface SharedRoom {
  readonly roomId: string;
  readonly rules: RoomVersionRules;
  /** Events of the room that the peer knows, its own join the first. */
  readonly eventIds: readonly string[];
  readonly authEvents: readonly string[];
}

export interface FederationWorld {
  readonly peer: TestServer;
  /** A user of the peer in the rooms, and one of ours who made them. */
  readonly theirs: string;
  readonly ours: string;
  readonly rooms: readonly SharedRoom[];
}

const serverOf = (userId: string) => userId.slice(userId.indexOf(':') + 1);

const TYPES = ['m.room.message', 'm.room.member', 'm.room.name', 'm.room.power_levels', 'm.room.redaction', 'org.x'];
const MEMBERSHIPS = ['join', 'leave', 'invite', 'ban', 'knock'];

interface Drafted {
  /** What the path of a request that hands the event in should say. */
  readonly eventId: string;
  readonly text: string;
}

/** An event of the peer as JSON text, mostly right; what is wrong in it is hashed and signed all the same. */
function aPdu(random: Random, world: FederationWorld, room: SharedRoom, membership?: string): Drafted {
  const draft = draftOf(random, world, room, membership);
  const text = jsonText(mutated(random, draft, random.pick([0, 0, 1, 2])));
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value) || random.chance(0.05)) return { eventId: '$none', text };
  try {
    const json = signed(random, world.peer, room.rules, parsed.value);
    const eventId = eventIdOf(room.rules, json);
    return { eventId: eventId.ok ? eventId.value : '$none', text: canonicalJson(json) };
  } catch {
    // What redaction cannot read cannot be signed either.
    return { eventId: '$none', text };
  }
}

function draftOf(random: Random, world: FederationWorld, room: SharedRoom, asked: string | undefined): object {
  const { theirs, ours, peer } = world;
  const type = asked === undefined ? random.pick(TYPES) : 'm.room.member';
  const membership = asked ?? random.pick(MEMBERSHIPS);
  const isState = type !== 'm.room.message' && type !== 'm.room.redaction';
  const target = asked === 'invite' || (asked === undefined && random.chance(0.5)) ? ours : theirs;
  const edges = (ids: readonly string[]) =>
    room.rules.edgesArePairs ? ids.map((id) => [id, { sha256: 'aGFzaA' }]) : ids;
  return {
    ...(room.rules.eventId === 'sender' ? { event_id: `$${crypto.randomUUID()}:${peer.name}` } : {}),
    room_id: room.roomId,
    type,
    sender: theirs,
    ...(isState ? { state_key: type === 'm.room.member' ? target : '' } : {}),
    content: { membership, body: 'hello', name: 'name', redacts: room.eventIds[0] },
    ...(type === 'm.room.redaction' ? { redacts: room.eventIds[0] } : {}),
    prev_events: edges([random.chance(0.8) ? String(room.eventIds[0]) : '$nowhere:peer.test']),
    auth_events: edges(asked === 'join' ? room.authEvents : [...room.authEvents, String(room.eventIds[0])]),
    depth: 100,
    origin_server_ts: Date.now(),
    unsigned: { age: 1 },
  };
}

function signed(
  random: Random,
  { name, signingKey }: TestServer,
  rules: RoomVersionRules,
  json: JsonObject,
): JsonObject {
  const hashed = { ...json, hashes: { sha256: random.chance(0.9) ? contentHash(json) : 'aGFzaA' } };
  return { ...hashed, signatures: signatureOf(rules, hashed, name, signingKey) };
}

function anEdu(random: Random, { theirs, ours, peer }: FederationWorld, room: SharedRoom): unknown {
  const { roomId, eventIds } = room;
  return random.pick([
    { edu_type: 'm.typing', content: { room_id: roomId, user_id: theirs, typing: true } },
    {
      edu_type: 'm.receipt',
      content: {
        [roomId]: { 'm.read': { [theirs]: { event_ids: [eventIds[0]], data: { ts: 1, thread_id: 'main' } } } },
      },
    },
    { edu_type: 'm.presence', content: { push: [{ user_id: theirs, presence: 'online', last_active_ago: 5 }] } },
    { edu_type: 'm.device_list_update', content: { user_id: theirs, device_id: 'D', stream_id: 1, prev_id: [] } },
    {
      edu_type: 'm.direct_to_device',
      content: { sender: theirs, type: 'm.x', message_id: 'm', messages: { [ours]: { '*': { a: 1 } } } },
    },
    { edu_type: 'm.signing_key_update', content: { user_id: theirs, master_key: { origin: peer.name } } },
  ]);
}

function aTransaction(random: Random, world: FederationWorld, room: SharedRoom): string {
  const count = random.pick([0, 1, 1, 2, 5, 60]);
  const pdus = Array.from({ length: count }, () => aPdu(random, world, room).text);
  const edus = Array.from({ length: random.pick([0, 1, 1, 3, 120]) }, () =>
    jsonText(mutated(random, anEdu(random, world, room), random.below(3))),
  );
  const origin = random.chance(0.1) ? jsonText(oddValue(random)) : JSON.stringify(world.peer.name);
  const ts = random.chance(0.1) ? jsonText(oddValue(random)) : '1';
  return `{"origin":${origin},"origin_server_ts":${ts},"pdus":[${pdus.join(',')}],"edus":[${edus.join(',')}]}`;
}

export interface FederationRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly target: string;
  readonly body: string | undefined;
}

/** One request of a route, mostly right but for a few places. */
export function aFederationRequest(
  random: Random,
  { method, path }: { readonly method: string; readonly path: string },
  world: FederationWorld,
): FederationRequest {
  const room = random.pick(world.rooms);
  const { eventId, text } =
    method === 'GET' ? { eventId: undefined, text: undefined } : bodyOf(random, path, world, room);
  const target = targetOf(random, path, world, room, eventId);
  return { method, target, body: text !== undefined && random.chance(0.06) ? oddBody(random) : text };
}

/** What other routes than those for events take, by a part of their path. */
const BODIES: readonly (readonly [part: string, body: (world: FederationWorld, room: SharedRoom) => object])[] = [
  ['get_missing_events', (_, { eventIds }) => missing(eventIds)],
  ['user/keys/query', ({ ours, theirs }) => ({ device_keys: { [ours]: [], [theirs]: ['D'] } })],
  ['user/keys/claim', ({ ours }) => ({ one_time_keys: { [ours]: { D: 'signed_curve25519' } } })],
  ['publicRooms', () => ({ limit: 10, since: 'x', filter: { generic_search_term: 'x', room_types: [null] } })],
  ['key/v2/query', ({ peer }) => ({ server_keys: { [peer.name]: { 'ed25519:1': { minimum_valid_until_ts: 1 } } } })],
  ['exchange_third_party_invite', exchange],
  ['3pid/onbind', ({ ours, theirs }, { roomId }) => onbind(ours, theirs, roomId)],
];

const missing = (ids: readonly string[]) => ({ earliest_events: [], latest_events: [...ids], limit: 10, min_depth: 0 });

const thirdPartySigned = (mxid: string) => ({
  mxid,
  token: 'token',
  signatures: { 'id.example': { 'ed25519:0': 'c2ln' } },
});

function exchange({ theirs, ours }: FederationWorld, { roomId }: SharedRoom): object {
  const content = {
    membership: 'invite',
    third_party_invite: { display_name: 'somebody', signed: thirdPartySigned(ours) },
  };
  return { type: 'm.room.member', room_id: roomId, sender: theirs, state_key: ours, content };
}

function onbind(mxid: string, sender: string, roomId: string): object {
  const place = { mxid, room_id: roomId, sender, signed: thirdPartySigned(mxid) };
  const invite = { address: 'a@b.example', medium: 'email', ...place };
  return { address: 'a@b.example', medium: 'email', mxid, invites: [invite] };
}

function bodyOf(
  random: Random,
  path: string,
  world: FederationWorld,
  room: SharedRoom,
): { readonly eventId: string | undefined; readonly text: string } {
  if (path.includes('/v1/send/')) return { eventId: undefined, text: aTransaction(random, world, room) };
  const other = BODIES.find(([part]) => path.includes(part));
  if (other !== undefined) {
    return { eventId: undefined, text: jsonText(mutated(random, other[1](world, room), random.below(3))) };
  }
  const event = aPdu(random, world, room, /invite|join|leave|knock/.exec(path)?.[0]);
  if (!path.includes('/v2/invite/')) return event;
  const version = random.chance(0.1) ? jsonText(oddValue(random)) : JSON.stringify(room.rules.id);
  const name = [{ type: 'm.room.name', state_key: '', sender: world.theirs, content: { name: 'x' } }];
  const state = jsonText(random.chance(0.3) ? oddValue(random) : mutated(random, name, random.below(3)));
  return { ...event, text: `{"room_version":${version},"event":${event.text},"invite_room_state":${state}}` };
}

function targetOf(
  random: Random,
  path: string,
  world: FederationWorld,
  room: SharedRoom,
  eventId: string | undefined,
): string {
  const values: Readonly<Record<string, readonly string[]>> = {
    roomId: [room.roomId],
    eventId: eventId === undefined ? room.eventIds : [eventId],
    userId: [world.theirs, world.ours, `@new:${world.peer.name}`],
    txnId: [crypto.randomUUID()],
    queryType: ['directory', 'profile', 'other'],
    serverName: [world.peer.name, serverOf(world.ours)],
    mediaId: ['abc', 'nothing'],
  };
  const filled = path.replaceAll(/:([A-Za-z]+)/g, (_all, name: string) => {
    if (random.chance(0.06)) return oddSegment(random) || '%20';
    return percentEncoded(random.chance(0.04) ? oddString(random).slice(0, 500) : random.pick(values[name] ?? ['x']));
  });
  const queries: Readonly<Record<string, readonly string[]>> = {
    event_id: room.eventIds,
    field: ['displayname', 'avatar_url'],
    limit: ['1', '10', '0', '-1', '1000000000'],
    room_alias: [`#none:${serverOf(world.ours)}`],
    dir: ['b', 'f'],
    ts: ['1', '1700000000000'],
    width: ['100', '0'],
    method: ['crop', 'scale'],
    access_token: ['token'],
    minimum_valid_until_ts: ['0', '99999999999999'],
    user_id: [world.ours, world.theirs],
    v: room.eventIds,
    ver: [room.rules.id, '1', '12'],
  };
  const pairs = Object.entries(queries)
    .filter(() => random.chance(0.7))
    .map(([name, known]) => {
      const value = random.chance(0.15) ? oddString(random).slice(0, 500) : random.pick(known);
      return `${name}=${percentEncoded(value)}`;
    });
  return pairs.length === 0 ? filled : `${filled}?${pairs.join('&')}`;
}
