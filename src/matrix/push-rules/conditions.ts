import { matchesGlob } from '../ids/matches-glob.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import { propertyAt, splitPropertyPath } from '../json/property-path.ts';
import { wordsMatchGlob } from './words-match-glob.ts';

/** What conditions ask about a room and its members at an event. */
export interface PushFacts {
  /** Of the user whose rules they are, in the room. */
  readonly displayName: () => string | undefined;
  readonly memberCount: () => number;
  /** Whether the event's sender may trigger a kind of notification, e.g. `room`. */
  readonly senderMayNotify: (key: string) => boolean;
}

/** @param event in the form that clients see, with `room_id`. */
export type PushCondition = (event: JsonObject, facts: PushFacts) => boolean;

/** Longer ones match nothing: the search for one takes time in proportion to its length. */
const MAX_PATTERN = 512;

const BODY = 'content.body';
const COMPARISON = /^(==|<=|>=|<|>)?([0-9]{1,15})$/;

const never: PushCondition = () => false;

/**
 * A condition as a function. What is not known, or not in its proper form, holds for no event.
 * Source: Client-Server API, "Push Rules", "Conditions".
 */
export function pushCondition(condition: JsonObject): PushCondition {
  switch (condition['kind']) {
    case 'event_match':
      return eventMatch(condition['key'], condition['pattern']);
    case 'event_property_is':
      return propertyIs(condition['key'], condition['value']);
    case 'event_property_contains':
      return propertyContains(condition['key'], condition['value']);
    case 'contains_display_name':
      return containsDisplayName;
    case 'room_member_count':
      return memberCount(condition['is']);
    case 'sender_notification_permission':
      return senderPermission(condition['key']);
    default:
      return never;
  }
}

/** The condition of a `content` rule. */
export const bodyMatch = (pattern: JsonValue | undefined): PushCondition => eventMatch(BODY, pattern);

function eventMatch(key: JsonValue | undefined, pattern: JsonValue | undefined): PushCondition {
  if (typeof key !== 'string' || typeof pattern !== 'string' || pattern.length > MAX_PATTERN) return never;
  const path = splitPropertyPath(key);
  if (key === BODY) return (event) => onText(event, path, (text) => wordsMatchGlob(pattern, text));
  const glob = pattern.toLowerCase();
  return (event) => onText(event, path, (text) => matchesGlob(glob, text.toLowerCase()));
}

function onText(event: JsonObject, path: readonly string[], test: (text: string) => boolean): boolean {
  const value = propertyAt(event, path);
  return typeof value === 'string' && test(value);
}

function propertyIs(key: JsonValue | undefined, value: JsonValue | undefined): PushCondition {
  if (typeof key !== 'string' || !isSimple(value)) return never;
  const path = splitPropertyPath(key);
  return (event) => propertyAt(event, path) === value;
}

function propertyContains(key: JsonValue | undefined, value: JsonValue | undefined): PushCondition {
  if (typeof key !== 'string' || !isSimple(value)) return never;
  const path = splitPropertyPath(key);
  return (event) => {
    const held = propertyAt(event, path);
    return Array.isArray(held) && held.includes(value);
  };
}

/** A string, an integer, a boolean or null. */
function isSimple(value: JsonValue | undefined): value is string | number | boolean | null {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isSafeInteger(value);
}

/** Deprecated in version 1.17; clients still have rules with it. */
function containsDisplayName(event: JsonObject, { displayName }: PushFacts): boolean {
  const body = propertyAt(event, ['content', 'body']);
  if (typeof body !== 'string') return false;
  const name = displayName();
  if (name === undefined || name.trim() === '' || name.length > MAX_PATTERN) return false;
  // A name is no pattern: what would be a star or a question mark in one are itself only here.
  return /[*?]/.test(name) ? body.toLowerCase().includes(name.toLowerCase()) : wordsMatchGlob(name, body);
}

function memberCount(is: JsonValue | undefined): PushCondition {
  const parts = typeof is === 'string' ? COMPARISON.exec(is) : null;
  if (parts === null) return never;
  const [, comparison = '==', digits] = parts;
  const count = Number(digits);
  return (_event, facts) => {
    const members = facts.memberCount();
    switch (comparison) {
      case '<':
        return members < count;
      case '>':
        return members > count;
      case '<=':
        return members <= count;
      case '>=':
        return members >= count;
      default:
        return members === count;
    }
  };
}

function senderPermission(key: JsonValue | undefined): PushCondition {
  return typeof key === 'string' ? (_event, facts) => facts.senderMayNotify(key) : never;
}
