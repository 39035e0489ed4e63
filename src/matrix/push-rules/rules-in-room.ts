import type { RoomId } from '../ids/brands.ts';
import type { JsonObject } from '../json/json-value.ts';
import { ruleKinds, type OwnRules, type PushRule, type RuleKind } from './ruleset.ts';

/**
 * What of a user's own rules can matter to events of a room: clients keep a rule for each room that is muted, and those
 * of other rooms match nothing here. Changes of the predefined rules always can.
 * @returns `undefined` where nothing does: the predefined rules are the user's.
 */
export function rulesInRoom(own: OwnRules, roomId: RoomId): OwnRules | undefined {
  const rules: Partial<Record<RuleKind, readonly PushRule[]>> = {};
  for (const kind of ruleKinds) {
    const kept = (own.rules[kind] ?? []).filter((rule) => rule.enabled && canMatch(kind, rule, roomId));
    if (kept.length > 0) rules[kind] = kept;
  }
  const { changed } = own;
  return Object.keys(rules).length + Object.keys(changed).length === 0 ? undefined : { rules, changed };
}

function canMatch(kind: RuleKind, rule: PushRule, roomId: RoomId): boolean {
  if (kind === 'room') return rule.rule_id === roomId;
  return !(rule.conditions ?? []).some((condition) => namesOtherRoom(condition, roomId));
}

/** Only what names a room literally: a pattern is left to the evaluation. */
function namesOtherRoom({ kind, key, pattern, value }: JsonObject, roomId: RoomId): boolean {
  if (key !== 'room_id') return false;
  if (kind === 'event_property_is') return value !== roomId;
  if (kind !== 'event_match' || typeof pattern !== 'string' || /[*?]/.test(pattern)) return false;
  return pattern.toLowerCase() !== roomId.toLowerCase();
}
