import type { UserId } from '../ids/brands.ts';
import type { JsonObject } from '../json/json-value.ts';
import { defaultRules, MASTER_RULE } from './default-rules.ts';

export const ruleKinds = ['override', 'content', 'room', 'sender', 'underride'] as const;
export type RuleKind = (typeof ruleKinds)[number];

export type PushAction = string | JsonObject;

/** Source: Client-Server API, "Push Rules", `PushRule`. */
export interface PushRule {
  readonly rule_id: string;
  readonly default: boolean;
  readonly enabled: boolean;
  readonly actions: readonly PushAction[];
  /** Of `override` and `underride` rules. */
  readonly conditions?: readonly JsonObject[];
  /** Of `content` rules. */
  readonly pattern?: string;
}

/** The rules of each kind, the most important first. */
export type Ruleset = Readonly<Record<RuleKind, readonly PushRule[]>>;

/**
 * What a user made different from the predefined rules: only that is stored, so that the others follow the
 * specification.
 */
export interface OwnRules {
  readonly rules: Readonly<Partial<Record<RuleKind, readonly PushRule[]>>>;
  /** Of predefined rules, by ID. */
  readonly changed: Readonly<Record<string, Partial<Pick<PushRule, 'enabled' | 'actions'>>>>;
}

export const NO_OWN_RULES: OwnRules = { rules: {}, changed: {} };

/**
 * All rules of a user, in the order in which they are tried: their own before the predefined ones of the kind, but
 * after `.m.rule.master`. Source: Client-Server API, "Push Rules", "Predefined Rules".
 */
export function rulesetOf(userId: UserId, own: OwnRules): Ruleset {
  const defaults = defaultRules(userId);
  const ofKind = (kind: RuleKind): readonly PushRule[] => {
    const predefined = defaults[kind].map((rule) => {
      const id = rule.rule_id;
      return Object.hasOwn(own.changed, id) ? { ...rule, ...own.changed[id] } : rule;
    });
    const isFirst = ({ rule_id: id }: PushRule) => id === MASTER_RULE;
    return [...predefined.filter(isFirst), ...(own.rules[kind] ?? []), ...predefined.filter((rule) => !isFirst(rule))];
  };
  return {
    override: ofKind('override'),
    content: ofKind('content'),
    room: ofKind('room'),
    sender: ofKind('sender'),
    underride: ofKind('underride'),
  };
}
