import type { Pdu } from '../event/pdu.ts';
import { parseUserId } from '../ids/user-id.ts';
import { isJsonObject, SourceNumber } from '../json/json-value.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { privilegedCreators } from './creators.ts';
import { readPowerLevel, userPowerLevel } from './power-levels.ts';
import type { PowerLevel } from './power-levels.ts';
import { powerLevelsPlaces } from './rule-places.ts';

const levelKeys = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'] as const;

/**
 * The rule for `m.room.power_levels`: its shape, then that nobody reaches above their own level.
 *
 * Before version 10 the pages check the shape of `users` only. A new value elsewhere that is no level is then refused
 * as soon as it is compared (it would leave the room with a level that servers read differently), and an old one counts
 * as absent, so that it can be repaired.
 * Source: "Authorisation rules" of each room version's page.
 */
export function checkPowerLevels(rules: RoomVersionRules, event: Pdu, create: Pdu, state: AuthState): AuthVerdict {
  const shape = checkShape(rules, event.content, create);
  if (!shape.ok) return shape;
  const current = state('m.room.power_levels', '');
  if (current === undefined) return allowed;
  const power = userPowerLevel(rules, state, event.sender);
  const levels = checkLevelChanges(rules, current.content, event.content, power);
  if (!levels.ok) return levels;
  const entries = checkEntryChanges(rules, current.content, event.content, power);
  if (!entries.ok) return entries;
  return checkUserChanges(rules, current.content, event, power);
}

function checkShape(rules: RoomVersionRules, content: JsonObject, create: Pdu): AuthVerdict {
  const places = powerLevelsPlaces(rules);
  const { users } = content;
  if (rules.integerPowerLevels) {
    if (levelKeys.some((key) => content[key] !== undefined && !isLevel(rules, content[key]))) {
      return denied(places.levels, 'bad-level');
    }
    if (!areLevels(rules, content.events) || !areLevels(rules, content.notifications)) {
      return denied(places.entries, 'bad-level');
    }
  }
  if (!areLevels(rules, users) || !Object.keys(users ?? {}).every((user) => parseUserId(user).ok)) {
    return denied(places.users, 'bad-users');
  }
  if (!rules.strictCanonicalJson && hasNumberOutOfRange(rules, content)) return denied(places.users, 'bad-level');
  if (isJsonObject(users) && privilegedCreators(rules, create).some((creator) => Object.hasOwn(users, creator))) {
    return denied(places.creators, 'creator-in-users');
  }
  return allowed;
}

function checkLevelChanges(
  rules: RoomVersionRules,
  before: JsonObject,
  after: JsonObject,
  power: PowerLevel,
): AuthVerdict {
  const place = powerLevelsPlaces(rules).levelChanged;
  for (const key of levelKeys) {
    const change = changeOf(rules, before[key], after[key]);
    if (change.old !== undefined && change.old > power) return denied(`${place}.1`, 'level-above-sender');
    if (change.isBad) return denied(`${place}.2`, 'bad-level');
    if (change.new !== undefined && change.new > power) return denied(`${place}.2`, 'level-raised-above-sender');
  }
  return allowed;
}

function checkEntryChanges(
  rules: RoomVersionRules,
  before: JsonObject,
  after: JsonObject,
  power: PowerLevel,
): AuthVerdict {
  const places = powerLevelsPlaces(rules);
  const keys = rules.notificationLevelsChecked ? (['events', 'notifications'] as const) : (['events'] as const);
  if (keys.some((key) => after[key] !== undefined && !isJsonObject(after[key]))) {
    return denied(places.entryAdded, 'bad-level');
  }
  const changes = keys.flatMap((key) => entryChanges(rules, before[key], after[key]));
  if (changes.some(({ old }) => old !== undefined && old > power)) {
    return denied(places.entryRemoved, 'level-above-sender');
  }
  if (changes.some(({ isBad }) => isBad)) return denied(places.entryAdded, 'bad-level');
  if (changes.some((change) => change.new !== undefined && change.new > power)) {
    return denied(places.entryAdded, 'level-raised-above-sender');
  }
  return allowed;
}

function checkUserChanges(rules: RoomVersionRules, before: JsonObject, event: Pdu, power: PowerLevel): AuthVerdict {
  const places = powerLevelsPlaces(rules);
  const changes = entryChanges(rules, before.users, event.content.users);
  if (changes.some(({ key, old }) => key !== event.sender && old !== undefined && old >= power)) {
    return denied(places.userRemoved, 'user-not-below-sender');
  }
  if (changes.some((change) => change.new !== undefined && change.new > power)) {
    return denied(places.userAdded, 'level-raised-above-sender');
  }
  return allowed;
}

/** What differs in one level. Where nothing does, both are `undefined`, as is the side on which there is none. */
interface Change {
  readonly old: PowerLevel | undefined;
  readonly new: PowerLevel | undefined;
  /** Whether the new value is there and no level. */
  readonly isBad: boolean;
}

function changeOf(rules: RoomVersionRules, before: JsonValue | undefined, after: JsonValue | undefined): Change {
  const old = readPowerLevel(rules, before);
  const next = readPowerLevel(rules, after);
  const isBad = after !== undefined && next === undefined;
  return old === next ? { old: undefined, new: undefined, isBad } : { old, new: next, isBad };
}

function entryChanges(
  rules: RoomVersionRules,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): readonly (Change & { readonly key: string })[] {
  const old = isJsonObject(before) ? before : {};
  const next = isJsonObject(after) ? after : {};
  const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
  return Array.from(keys, (key) => ({ key, ...changeOf(rules, own(old, key), own(next, key)) }));
}

const own = (object: JsonObject, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

const isLevel = (rules: RoomVersionRules, value: JsonValue | undefined): boolean =>
  readPowerLevel(rules, value) !== undefined;

/** Whether a property is absent, or an object of levels. */
function areLevels(rules: RoomVersionRules, value: JsonValue | undefined): boolean {
  if (value === undefined) return true;
  return isJsonObject(value) && Object.values(value).every((level) => isLevel(rules, level));
}

/** "Values outside the range represented by IEEE 754 binary64 cause the power level event to be rejected." */
function hasNumberOutOfRange(rules: RoomVersionRules, content: JsonObject): boolean {
  const values = [
    ...levelKeys.map((key) => content[key]),
    ...[content.events, content.notifications].flatMap((entries) =>
      isJsonObject(entries) ? Object.values(entries) : [],
    ),
  ];
  return values.some((value) => value instanceof SourceNumber && !isLevel(rules, value));
}
