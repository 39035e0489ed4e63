import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { InitialState } from '../initial-events.ts';

type Levels = Readonly<Record<string, number>>;

/** The level of who administers a room, where nobody stands above all levels. */
const ADMINISTRATOR = 100;

/** Where creators stand above all levels, replacing the room is theirs. Source: `POST /createRoom`, presets. */
const TOMBSTONE_OF_CREATORS = 150;

export interface ReplacedLevels {
  /** Of the room that is replaced, as integers. */
  readonly levels: JsonObject;
  /** Its users above every level. */
  readonly creators: readonly UserId[];
  /** Of the new room: who upgrades first, then those named as additional ones. */
  readonly newCreators: readonly UserId[];
  /** What is sent into the new room under these levels. */
  readonly state: readonly InitialState[];
}

/**
 * The power levels of a room that replaces another.
 * @returns `last` as they are to stay; `first`, where that is not the same, lets who upgrades the room set its state.
 * Source: Client-Server API, "Room Upgrades"; Room Version 12, "Room creators".
 */
export function replacementLevels(
  rules: RoomVersionRules,
  { levels, creators, newCreators, state }: ReplacedLevels,
): { readonly first: JsonObject; readonly last: JsonObject | undefined } {
  const held = levelsIn(levels['users']);
  const above = Object.fromEntries(creators.map((user) => [user, Math.max(ADMINISTRATOR, held[user] ?? 0)]));
  const users = { ...held, ...above };
  if (rules.creatorsArePrivileged) {
    // They must not be among the users: an event that has them there is refused.
    for (const user of newCreators) delete users[user];
    const events = levelsIn(levels['events']);
    const tombstone = Math.max(events['m.room.tombstone'] ?? 0, TOMBSTONE_OF_CREATORS);
    return { first: { ...levels, users, events: { ...events, 'm.room.tombstone': tombstone } }, last: undefined };
  }
  // What only creators could do would be nobody's.
  const highest = Math.max(ADMINISTRATOR, ...Object.values(users));
  const events = Object.fromEntries(
    Object.entries(levelsIn(levels['events'])).map(([type, level]) => [type, Math.min(level, highest)]),
  );
  const last = { ...levels, users, events };
  const [upgrader] = newCreators;
  const needed = neededLevel(last, state);
  const own = upgrader === undefined ? needed : (users[upgrader] ?? levelIn(levels, 'users_default', 0));
  if (upgrader === undefined || own >= needed) return { first: last, last: undefined };
  return { first: { ...last, users: { ...users, [upgrader]: needed } }, last };
}

function neededLevel(levels: JsonObject, state: readonly InitialState[]): number {
  const events = levelsIn(levels['events']);
  const stateDefault = levelIn(levels, 'state_default', 50);
  const types = ['m.room.power_levels', ...state.map(({ type }) => type)].filter((type) => type !== 'm.room.member');
  const bans = state.some(({ type }) => type === 'm.room.member') ? [levelIn(levels, 'ban', 50)] : [];
  return Math.max(...types.map((type) => events[type] ?? stateDefault), ...bans);
}

function levelsIn(value: JsonObject[string]): Record<string, number> {
  return isJsonObject(value) ? ({ ...value } as Record<string, number>) : {};
}

function levelIn(levels: JsonObject, key: string, otherwise: number): number {
  const level = levels[key];
  return typeof level === 'number' ? level : otherwise;
}

/** The powers of a room whose levels were never set: as new rooms have them, with its creator as administrator. */
export function levelsOfNewRoom(creator: UserId): JsonObject {
  const users: Levels = { [creator]: ADMINISTRATOR };
  return { users, users_default: 0, events: {}, events_default: 0, state_default: 50, ban: 50, kick: 50, redact: 50 };
}
