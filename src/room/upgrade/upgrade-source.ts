import type { AuthState } from '../../matrix/auth/auth-state.ts';
import { privilegedCreators } from '../../matrix/auth/creators.ts';
import { readPowerLevel, requiredPowerLevel, userPowerLevel } from '../../matrix/auth/power-levels.ts';
import { forbidden } from '../../matrix/error.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { InitialEvent } from '../create/create-room.ts';
import { requireLive } from '../lifecycle.ts';
import type { RoomStore } from '../store.ts';

/** What the room that replaces another is made of. All numbers are plain. */
export interface UpgradeSource {
  readonly roomVersion: string;
  /** Content of the create event. */
  readonly create: JsonObject;
  /** Users above every power level; none where the room version has no such creators. */
  readonly creators: readonly UserId[];
  /** State with a recommended type, without power levels, in the order in which it is to be sent. */
  readonly state: readonly InitialEvent[];
  /** Power levels as integers whatever the room version, and nothing but levels; `undefined` where none are set. */
  readonly levels: JsonObject | undefined;
  /** Member events of banned users, at most {@link MAX_BANS}. */
  readonly bans: readonly InitialEvent[];
  readonly lastEventId: EventId;
}

/** Bans that the replacement is made with; all initial events of a room are one transaction. */
export const MAX_BANS = 2_000;

/**
 * The state that the specification recommends to transfer, the room's policy server, and a space's children: whoever
 * upgrades the room could set all of it anew. Source: Client-Server API, "Room Upgrades", "Server behaviour".
 */
const COPIED = [
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.guest_access',
  'm.room.encryption',
  'm.room.server_acl',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.policy',
] as const;

/**
 * What the asker may replace the room by. Throws `M_FORBIDDEN` for who is not joined or may not send
 * `m.room.tombstone`.
 */
export function upgradeSource(store: RoomStore, rules: RoomVersionRules, userId: UserId): UpgradeSource {
  requireLive(store.meta);
  const head = store.stream.head();
  const event = (type: string, stateKey: string) => {
    const eventId = store.state.at(type, stateKey, head);
    return eventId === undefined ? undefined : store.events.get(eventId)?.pdu;
  };
  requirePower(rules, event, userId);
  const create = event('m.room.create', '');
  const [lastEventId] = store.extremities.forward();
  if (create === undefined || lastEventId === undefined) throw new Error('a live room has no create event');
  const levels = event('m.room.power_levels', '')?.content;
  const copied = COPIED.flatMap((type) => {
    const content = event(type, '')?.content;
    return content === undefined ? [] : [{ type, stateKey: '', content: plainJson(content) }];
  });
  return {
    roomVersion: rules.id,
    create: plainJson(create.content),
    creators: privilegedCreators(rules, create) as UserId[],
    state: [...copied, ...(create.content['type'] === 'm.space' ? children(store) : [])],
    levels: levels === undefined ? undefined : plainLevels(rules, levels),
    bans: bansOf(store),
    lastEventId,
  };
}

function requirePower(rules: RoomVersionRules, state: AuthState, userId: UserId): void {
  if (state('m.room.member', userId)?.content['membership'] !== 'join') throw forbidden('You are not in this room');
  const required = requiredPowerLevel(rules, state, { type: 'm.room.tombstone', stateKey: '' });
  if (userPowerLevel(rules, state, userId) < required) throw forbidden('Your power level in this room is too low');
}

function bansOf(store: RoomStore): readonly InitialEvent[] {
  return store.state
    .membersAt('ban', store.stream.head())
    .slice(0, MAX_BANS)
    .map(({ userId, eventId }) => {
      const reason = store.events.get(eventId)?.pdu.content['reason'];
      const content = { membership: 'ban', ...(typeof reason === 'string' ? { reason } : {}) };
      return { type: 'm.room.member', stateKey: userId, content };
    });
}

/** Rooms that were taken out of the space have no `via`. */
function children(store: RoomStore): readonly InitialEvent[] {
  return [...store.state.allAt(store.stream.head()).values()].flatMap((eventId) => {
    const pdu = store.events.get(eventId)?.pdu;
    if (pdu?.type !== 'm.space.child' || !Array.isArray(pdu.content['via'])) return [];
    return [{ type: pdu.type, stateKey: pdu.stateKey ?? '', content: plainJson(pdu.content) }];
  });
}

const LEVELS = ['ban', 'events_default', 'invite', 'kick', 'redact', 'state_default', 'users_default'] as const;

function plainLevels(rules: RoomVersionRules, content: JsonObject): JsonObject {
  const single = LEVELS.map((key) => [key, plainLevel(rules, content[key])] as const);
  const all = (key: string, isKey: (name: string) => boolean = () => true) => {
    const entries = content[key];
    if (!isJsonObject(entries)) return {};
    const plain = Object.entries(entries).map(([name, value]) => [name, plainLevel(rules, value)] as const);
    return Object.fromEntries(plain.filter(([name, level]) => level !== undefined && isKey(name)));
  };
  return {
    ...Object.fromEntries(single.filter(([, level]) => level !== undefined)),
    users: all('users', (name) => parseUserId(name).ok),
    events: all('events'),
    notifications: all('notifications'),
  };
}

function plainLevel(rules: RoomVersionRules, value: JsonValue | undefined): number | undefined {
  const level = readPowerLevel(rules, value);
  return typeof level === 'number' ? level : undefined;
}
