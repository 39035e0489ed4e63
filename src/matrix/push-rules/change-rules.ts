import type { UserId } from '../ids/brands.ts';
import { allow, deny, type Result } from '../result.ts';
import { defaultRules } from './default-rules.ts';
import type { OwnRules, PushAction, PushRule, RuleKind } from './ruleset.ts';

/** A rule of a user's own as they write it. */
export interface PushRuleInput extends Pick<PushRule, 'actions' | 'conditions' | 'pattern'> {
  /** A rule of the user's own, of the same kind, before which it stands, more important. */
  readonly before?: string;
  readonly after?: string;
}

export interface PushRuleChange {
  readonly kind: RuleKind;
  readonly ruleId: string;
  readonly change:
    | { readonly what: 'put'; readonly rule: PushRuleInput }
    | { readonly what: 'remove' }
    | {
        readonly what: 'set';
        readonly fields: { readonly enabled: boolean } | { readonly actions: readonly PushAction[] };
      };
}

export type RuleFault =
  | { readonly kind: 'no-such-rule' }
  | { readonly kind: 'no-neighbour'; readonly ruleId: string }
  | { readonly kind: 'predefined' };

/**
 * Adds, changes or removes one rule. A rule that is new is enabled and, unless it names a neighbour, the most important
 * of the user's own; one that is written again keeps its place and whether it is enabled.
 * Source: Client-Server API, `PUT /pushrules/global/{kind}/{ruleId}` and the paths below it.
 */
export function changeRules(userId: UserId, own: OwnRules, change: PushRuleChange): Result<OwnRules, RuleFault> {
  switch (change.change.what) {
    case 'put':
      return putRule(own, change, change.change.rule);
    case 'remove':
      return removeRule(userId, own, change);
    case 'set':
      return setFields(userId, own, change, change.change.fields);
  }
}

type Place = Pick<PushRuleChange, 'kind' | 'ruleId'>;

function putRule(own: OwnRules, { kind, ruleId }: Place, input: PushRuleInput): Result<OwnRules, RuleFault> {
  if (ruleId.startsWith('.')) return deny({ kind: 'predefined' });
  const held = own.rules[kind] ?? [];
  const at = held.findIndex((rule) => rule.rule_id === ruleId);
  const { before, after, ...fields } = input;
  const rule = { rule_id: ruleId, default: false, enabled: held[at]?.enabled ?? true, ...fields };
  const neighbour = before ?? after;
  if (neighbour === undefined) {
    return allow(withRules(own, kind, at < 0 ? [rule, ...held] : held.toSpliced(at, 1, rule)));
  }
  const others = held.filter((other) => other.rule_id !== ruleId);
  const near = others.findIndex((other) => other.rule_id === neighbour);
  if (near < 0) return deny({ kind: 'no-neighbour', ruleId: neighbour });
  return allow(withRules(own, kind, others.toSpliced(before === undefined ? near + 1 : near, 0, rule)));
}

function removeRule(userId: UserId, own: OwnRules, { kind, ruleId }: Place): Result<OwnRules, RuleFault> {
  if (isPredefined(userId, { kind, ruleId })) return deny({ kind: 'predefined' });
  const held = own.rules[kind] ?? [];
  const rest = held.filter((rule) => rule.rule_id !== ruleId);
  return rest.length === held.length ? deny({ kind: 'no-such-rule' }) : allow(withRules(own, kind, rest));
}

function setFields(
  userId: UserId,
  own: OwnRules,
  { kind, ruleId }: Place,
  fields: Partial<Pick<PushRule, 'enabled' | 'actions'>>,
): Result<OwnRules, RuleFault> {
  if (isPredefined(userId, { kind, ruleId })) {
    return allow({ ...own, changed: { ...own.changed, [ruleId]: { ...own.changed[ruleId], ...fields } } });
  }
  const held = own.rules[kind] ?? [];
  if (!held.some((rule) => rule.rule_id === ruleId)) return deny({ kind: 'no-such-rule' });
  const rules = held.map((rule) => (rule.rule_id === ruleId ? { ...rule, ...fields } : rule));
  return allow(withRules(own, kind, rules));
}

const isPredefined = (userId: UserId, { kind, ruleId }: Place): boolean =>
  defaultRules(userId)[kind].some((rule) => rule.rule_id === ruleId);

const withRules = (own: OwnRules, kind: RuleKind, rules: readonly PushRule[]): OwnRules => ({
  ...own,
  rules: { ...own.rules, [kind]: rules },
});
