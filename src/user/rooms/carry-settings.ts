import { changeRules } from '../../matrix/push-rules/change-rules.ts';
import { NO_OWN_RULES, type OwnRules, type PushRule, type RuleKind } from '../../matrix/push-rules/ruleset.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import { PUSH_RULES } from '../push-rules/push-rules.ts';

type Store = Pick<DeviceStore, 'accountData' | 'putAccountData'>;

/** Kinds of rules that can be about one room. */
const KINDS: readonly RuleKind[] = ['override', 'room', 'underride'];

/**
 * What a user has set for a room holds for the room that replaces it too: push rules, tags, and whose direct chat it is.
 * What they have set there already stays. @param take gives the `seq` of a change.
 * Source: Client-Server API, "Room Upgrades", "Server behaviour", last paragraph.
 */
export function carrySettings(store: Store, userId: UserId, from: RoomId, to: RoomId, take: () => number): void {
  const before = (roomId: string, type: string) => store.accountData(userId, roomId, type)?.content;
  const put = (roomId: string, type: string, content: JsonObject | undefined): void => {
    if (content !== undefined) store.putAccountData(userId, { roomId, type, content, seq: take() });
  };
  const tags = before(to, 'm.tag') === undefined ? before(from, 'm.tag') : undefined;
  const rules = carriedRules(userId, (before('', PUSH_RULES) ?? NO_OWN_RULES) as unknown as OwnRules, from, to);
  put(to, 'm.tag', tags);
  put('', 'm.direct', carriedDirect(before('', 'm.direct'), from, to));
  put('', PUSH_RULES, rules as unknown as JsonObject | undefined);
}

function carriedDirect(content: JsonObject | undefined, from: RoomId, to: RoomId): JsonObject | undefined {
  const isMissing = (rooms: JsonValue | undefined): rooms is readonly JsonValue[] =>
    Array.isArray(rooms) && rooms.includes(from) && !rooms.includes(to);
  const entries = Object.entries(content ?? {});
  if (!entries.some(([, rooms]) => isMissing(rooms))) return undefined;
  return Object.fromEntries(entries.map(([user, rooms]) => [user, isMissing(rooms) ? [...rooms, to] : rooms]));
}

function carriedRules(userId: UserId, own: OwnRules, from: RoomId, to: RoomId): OwnRules | undefined {
  let carried = own;
  for (const kind of KINDS) {
    for (const rule of own.rules[kind] ?? []) {
      const copy = ruleFor(kind, rule, from, to);
      const isThere = (own.rules[kind] ?? []).some(({ rule_id: id }) => id === copy?.rule_id);
      if (copy !== undefined && !isThere) carried = withRule(userId, carried, kind, copy, rule.rule_id);
    }
  }
  return carried === own ? undefined : carried;
}

/** A rule of kind `room` is about the room that it is named after; others say so in a condition. */
function ruleFor(kind: RuleKind, rule: PushRule, from: RoomId, to: RoomId): PushRule | undefined {
  const ruleId = rule.rule_id === from ? to : `${rule.rule_id} ${to}`;
  if (kind === 'room') return rule.rule_id === from ? { ...rule, rule_id: to } : undefined;
  const isAbout = ({ kind: what, key, pattern }: JsonObject) =>
    what === 'event_match' && key === 'room_id' && pattern === from;
  if (rule.conditions?.some(isAbout) !== true) return undefined;
  const conditions = rule.conditions.map((condition) =>
    isAbout(condition) ? { ...condition, pattern: to } : condition,
  );
  return { ...rule, rule_id: ruleId, conditions };
}

function withRule(userId: UserId, own: OwnRules, kind: RuleKind, rule: PushRule, after: string): OwnRules {
  const { rule_id: ruleId, enabled, default: _isPredefined, ...fields } = rule;
  const put = changeRules(userId, own, { kind, ruleId, change: { what: 'put', rule: { ...fields, after } } });
  if (!put.ok) return own;
  const set = changeRules(userId, put.value, { kind, ruleId, change: { what: 'set', fields: { enabled } } });
  return set.ok ? set.value : own;
}
