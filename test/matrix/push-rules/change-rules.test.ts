import { expect, test } from 'vitest';

import { changeRules, type PushRuleChange } from '../../../src/matrix/push-rules/change-rules.ts';
import { NO_OWN_RULES, rulesetOf, type OwnRules, type RuleKind } from '../../../src/matrix/push-rules/ruleset.ts';
import type { UserId } from '../../../src/matrix/ids/brands.ts';

const alice = '@alice:us.test' as UserId;

const put = (ruleId: string, place: { before?: string; after?: string } = {}): PushRuleChange => ({
  kind: 'override',
  ruleId,
  change: { what: 'put', rule: { actions: ['notify'], conditions: [], ...place } },
});
const set = (ruleId: string, fields: { enabled: boolean } | { actions: string[] }): PushRuleChange => ({
  kind: 'override',
  ruleId,
  change: { what: 'set', fields },
});
const remove = (ruleId: string): PushRuleChange => ({ kind: 'override', ruleId, change: { what: 'remove' } });

function changed(...changes: PushRuleChange[]): OwnRules {
  let own = NO_OWN_RULES;
  for (const change of changes) {
    const next = changeRules(alice, own, change);
    if (!next.ok) throw new Error(next.reason.kind);
    own = next.value;
  }
  return own;
}

const idsOf = (own: OwnRules, kind: RuleKind = 'override') => rulesetOf(alice, own)[kind].map(({ rule_id: id }) => id);
const ruleOf = (own: OwnRules, ruleId: string) =>
  rulesetOf(alice, own).override.find(({ rule_id: id }) => id === ruleId);

test('a new rule is enabled and stands before the older ones and the predefined ones, but after the master rule', () => {
  const own = changed(put('one'), put('two'));
  expect(idsOf(own).slice(0, 4)).toEqual(['.m.rule.master', 'two', 'one', '.m.rule.suppress_notices']);
  expect(ruleOf(own, 'two')).toMatchObject({ enabled: true, default: false });
});

test('a rule goes right before or right after the one that it names', () => {
  const own = changed(put('one'), put('two'), put('three', { before: 'one' }), put('four', { after: 'two' }));
  expect(idsOf(own).slice(1, 5)).toEqual(['two', 'four', 'three', 'one']);
  expect(idsOf(changed(put('one'), put('two'), put('one', { before: 'two' }))).slice(1, 3)).toEqual(['one', 'two']);
});

test('a rule that is written again keeps its place and stays disabled', () => {
  const own = changed(put('one'), put('two'), set('one', { enabled: false }), put('one'));
  expect(idsOf(own).slice(1, 3)).toEqual(['two', 'one']);
  expect(ruleOf(own, 'one')?.enabled).toBe(false);
});

test('a predefined rule can be switched and given other actions, and nothing else', () => {
  const id = '.m.rule.reaction';
  const own = changed(set(id, { enabled: false }), set(id, { actions: ['notify'] }));
  expect(ruleOf(own, id)).toMatchObject({ enabled: false, actions: ['notify'], default: true });
  const refused = { ok: false, reason: { kind: 'predefined' } };
  expect(changeRules(alice, own, remove(id))).toEqual(refused);
  expect(changeRules(alice, own, put(id))).toEqual(refused);
  expect(changeRules(alice, own, put('.mine'))).toEqual(refused);
});

test('what is not there is neither removed nor changed nor stood next to', () => {
  const missing = { ok: false, reason: { kind: 'no-such-rule' } };
  expect(changeRules(alice, NO_OWN_RULES, remove('one'))).toEqual(missing);
  expect(changeRules(alice, NO_OWN_RULES, set('constructor', { enabled: true }))).toEqual(missing);
  const alone = { ok: false, reason: { kind: 'no-neighbour', ruleId: '.m.rule.reaction' } };
  expect(changeRules(alice, NO_OWN_RULES, put('one', { after: '.m.rule.reaction' }))).toEqual(alone);
});

test('a removed rule is gone', () => {
  expect(idsOf(changed(put('one'), remove('one')))).toEqual(idsOf(NO_OWN_RULES));
});
