import type { UserId } from '../ids/brands.ts';
import { isJsonObject, type JsonObject } from '../json/json-value.ts';
import { bodyMatch, pushCondition, type PushCondition, type PushFacts } from './conditions.ts';
import { rulesetOf, ruleKinds, type OwnRules, type PushAction, type PushRule, type RuleKind } from './ruleset.ts';

/** What an event means to a user by their push rules. */
export interface PushVerdict {
  /** Those of the rule that matched; empty where none did. */
  readonly actions: readonly PushAction[];
  readonly isNotified: boolean;
  /** Only of what is notified. */
  readonly isHighlighted: boolean;
}

/** @param event in the form that clients see, with `room_id`. */
export type PushJudge = (event: JsonObject, facts: PushFacts) => PushVerdict;

export const NO_NOTIFICATION: PushVerdict = { actions: [], isNotified: false, isHighlighted: false };

/** Actions of old versions, which mean nothing. */
const HISTORICAL: ReadonlySet<PushAction> = new Set(['dont_notify', 'coalesce']);

/**
 * The push rules of a user as one function: the actions of the first enabled rule that an event matches, in the order
 * of kinds and within them. Nobody is notified of what they sent themselves.
 * Source: Client-Server API, "Push Rules".
 */
export function pushJudge(userId: UserId, own: OwnRules): PushJudge {
  const ruleset = rulesetOf(userId, own);
  const rules = ruleKinds.flatMap((kind) =>
    ruleset[kind]
      .filter(({ enabled }) => enabled)
      .map((rule) => ({ conditions: conditionsOf(kind, rule), verdict: verdictOf(rule.actions) })),
  );
  return (event, facts) => {
    if (event['sender'] === userId) return NO_NOTIFICATION;
    const matching = rules.find(({ conditions }) => conditions.every((holds) => holds(event, facts)));
    return matching?.verdict ?? NO_NOTIFICATION;
  };
}

function conditionsOf(kind: RuleKind, { rule_id: id, conditions = [], pattern }: PushRule): readonly PushCondition[] {
  switch (kind) {
    case 'override':
    case 'underride':
      return conditions.map(pushCondition);
    case 'content':
      return [bodyMatch(pattern)];
    case 'room':
      return [(event) => event['room_id'] === id];
    case 'sender':
      return [(event) => event['sender'] === id];
  }
}

function verdictOf(all: readonly PushAction[]): PushVerdict {
  const actions = all.filter((action) => !HISTORICAL.has(action));
  const isNotified = actions.includes('notify');
  return { actions, isNotified, isHighlighted: isNotified && actions.some(isHighlight) };
}

/** A highlight without a value is one. */
function isHighlight(action: PushAction): boolean {
  if (typeof action === 'string' || !isJsonObject(action)) return false;
  return action['set_tweak'] === 'highlight' && action['value'] !== false;
}
