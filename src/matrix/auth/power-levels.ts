import type { Pdu } from '../event/pdu.ts';
import { isJsonObject, SourceNumber } from '../json/json-value.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { privilegedCreators, roomCreator } from './creators.ts';

/**
 * An integer, or `Infinity` for a creator of version 12. It is a bigint only beyond ±(2^53 - 1), which early versions
 * permit: equal levels are `===`, and `<` and `>` compare both kinds.
 */
export type PowerLevel = number | bigint;

export type PowerAction = 'ban' | 'invite' | 'kick' | 'redact';

/** Source: Server-Server API, "Invite Level, Kick Level, Ban Level, Redact Level". */
const actionDefaults: Readonly<Record<PowerAction, number>> = { ban: 50, invite: 0, kick: 50, redact: 50 };

const integerText = /^\s*[+-]?[0-9]+\s*$/;

/**
 * Reads one value of an `m.room.power_levels` event as its room version does: an integer; before version 10 also a
 * string that holds one, with a sign, leading zeroes and white space; before version 6 also a float, cut at its decimal
 * point.
 * @returns the level, or `undefined` for a value that is none, numbers beyond the range of a double included.
 * Source: "`m.room.power_levels` events accept values as strings" and "… as floats" of the room versions' pages.
 */
export function readPowerLevel(rules: RoomVersionRules, value: JsonValue | undefined): PowerLevel | undefined {
  if (typeof value === 'number') {
    if (rules.strictCanonicalJson) return Number.isSafeInteger(value) ? value : undefined;
    return truncated(value);
  }
  if (rules.integerPowerLevels) return undefined;
  if (typeof value === 'string') return integerText.test(value) ? integerOf(value) : undefined;
  if (rules.strictCanonicalJson || !(value instanceof SourceNumber)) return undefined;
  return integerText.test(value.source) ? integerOf(value.source) : truncated(Number(value.source));
}

/**
 * @returns a user's power level: `Infinity` for creators in versions that privilege them; without a power levels event
 * 100 for the creator and 0 for others. An entry that is no level counts as absent.
 * Source: Client-Server API, `m.room.power_levels`; Room Version 12, "Authorisation rules".
 */
export function userPowerLevel(rules: RoomVersionRules, state: AuthState, userId: string): PowerLevel {
  const create = state('m.room.create', '');
  if (create !== undefined && privilegedCreators(rules, create).includes(userId)) return Infinity;
  const levels = state('m.room.power_levels', '')?.content;
  if (levels === undefined) return create !== undefined && roomCreator(rules, create) === userId ? 100 : 0;
  return entryLevel(rules, levels.users, userId) ?? readPowerLevel(rules, levels.users_default) ?? 0;
}

/**
 * @param event `stateKey` tells whether it is a state event; membership events are judged by {@link actionLevel}.
 * @returns the level that sending an event of a type needs.
 * Source: Server-Server API, "Required Power Level".
 */
export function requiredPowerLevel(
  rules: RoomVersionRules,
  state: AuthState,
  event: Pick<Pdu, 'type' | 'stateKey'>,
): PowerLevel {
  const levels = state('m.room.power_levels', '')?.content;
  const own = entryLevel(rules, levels?.events, event.type);
  if (own !== undefined) return own;
  if (event.stateKey === undefined) return readPowerLevel(rules, levels?.events_default) ?? 0;
  return readPowerLevel(rules, levels?.state_default) ?? 50;
}

/** @returns the ban, invite, kick or redact level. Source: as the defaults above. */
export function actionLevel(rules: RoomVersionRules, state: AuthState, action: PowerAction): PowerLevel {
  return readPowerLevel(rules, state('m.room.power_levels', '')?.content[action]) ?? actionDefaults[action];
}

/**
 * @param key what is notified, e.g. `room`.
 * @returns the level that triggers such a notification, 50 if none is stated.
 * Source: Client-Server API, `m.room.power_levels`, `notifications`.
 */
export function notificationLevel(rules: RoomVersionRules, state: AuthState, key: string): PowerLevel {
  return entryLevel(rules, state('m.room.power_levels', '')?.content.notifications, key) ?? 50;
}

function entryLevel(rules: RoomVersionRules, entries: JsonValue | undefined, key: string): PowerLevel | undefined {
  return isJsonObject(entries) && Object.hasOwn(entries, key) ? readPowerLevel(rules, entries[key]) : undefined;
}

function truncated(value: number): PowerLevel | undefined {
  if (!Number.isFinite(value)) return undefined;
  // `+ 0` makes zero of minus zero.
  const integer = Math.trunc(value) + 0;
  return Number.isSafeInteger(integer) ? integer : BigInt(integer);
}

function integerOf(text: string): PowerLevel | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return Number.isSafeInteger(value) ? value + 0 : BigInt(text.replace('+', ''));
}
