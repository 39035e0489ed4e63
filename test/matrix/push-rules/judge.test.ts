import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { pushCondition, type PushFacts } from '../../../src/matrix/push-rules/conditions.ts';
import { pushJudge } from '../../../src/matrix/push-rules/judge.ts';
import { rulesInRoom } from '../../../src/matrix/push-rules/rules-in-room.ts';
import { NO_OWN_RULES, type OwnRules, type PushAction, type PushRule } from '../../../src/matrix/push-rules/ruleset.ts';

const alice = '@alice:us.test' as UserId;
const bob = '@bob:us.test' as UserId;
const roomId = '!room:us.test' as RoomId;

const facts: PushFacts = { displayName: () => 'Alice', memberCount: () => 3, senderMayNotify: () => true };
const message = (content: JsonObject = {}, fields: JsonObject = {}): JsonObject => ({
  type: 'm.room.message',
  sender: bob,
  room_id: roomId,
  event_id: '$event',
  content: { msgtype: 'm.text', body: 'hello', ...content },
  ...fields,
});
const state = (type: string, stateKey: string, content: JsonObject = {}): JsonObject => ({
  ...message({}, { type, state_key: stateKey }),
  content,
});
const holds = (condition: JsonObject, event = message(), given: Partial<PushFacts> = {}) =>
  pushCondition(condition)(event, { ...facts, ...given });

describe('event_match', () => {
  const topic = (value: JsonObject['x']) => state('m.room.topic', '', { topic: value ?? null });
  const lunch = { kind: 'event_match', key: 'content.topic', pattern: 'lunc?*' };

  test.each(['Lunch plans', 'LUNCH', 'lunch\nplans'])('%s matches', (value) => {
    expect(holds(lunch, topic(value))).toBe(true);
  });

  test.each([' lunch', 'lunc', null, 7, true, ['lunch']])('%j does not', (value) => {
    expect(holds(lunch, topic(value))).toBe(false);
  });

  test('what is absent matches nothing, not even a star; what is empty matches it', () => {
    const absent = { kind: 'event_match', key: 'content.topic', pattern: '*' };
    expect(holds(absent)).toBe(false);
    expect(holds({ ...absent, key: 'state_key' }, state('m.room.topic', ''))).toBe(true);
    expect(holds({ ...absent, key: 'state_key', pattern: '' }, state('m.room.topic', ''))).toBe(true);
  });

  test('of the body words match, of other properties the whole value', () => {
    const event = message({ body: 'some cake', title: 'some cake' });
    expect(holds({ kind: 'event_match', key: 'content.body', pattern: 'cake' }, event)).toBe(true);
    expect(holds({ kind: 'event_match', key: 'content.title', pattern: 'cake' }, event)).toBe(false);
  });
});

describe('event_property_is', () => {
  const federate = (value: JsonObject['x']) => state('m.room.create', '', { 'm.federate': value ?? null });
  const is = (value: JsonObject['x']) => ({ kind: 'event_property_is', key: String.raw`content.m\.federate`, value });

  test.each([true, false, 1, 'true', null])('%j is exactly itself', (value) => {
    expect(holds(is(value), federate(value))).toBe(true);
    const others = [true, false, 1, 0, 'true', '1', null].filter((other) => other !== value);
    expect(others.filter((other) => holds(is(value), federate(other)))).toEqual([]);
  });

  test('compound values and what is absent match nothing', () => {
    expect(holds(is([]), federate([]))).toBe(false);
    expect(holds(is({}), federate({}))).toBe(false);
    expect(holds(is(undefined), message())).toBe(false);
    expect(holds(is(null), message())).toBe(false);
  });
});

test('event_property_contains looks for an exact element of a list', () => {
  const event = state('m.room.canonical_alias', '', { alt_aliases: ['#elsewhere:a.test', '#room:a.test', 1, ['x']] });
  const contains = (value: JsonObject['x'], key = 'content.alt_aliases') =>
    holds({ kind: 'event_property_contains', key, value }, event);
  expect([contains('#room:a.test'), contains(1)]).toEqual([true, true]);
  expect([contains(':a.test'), contains('1'), contains(['x']), contains(null)]).toEqual([false, false, false, false]);
  expect(contains('m', 'type')).toBe(false);
  expect(contains('x', 'content.absent')).toBe(false);
});

test.each([
  ['3', true],
  ['==3', true],
  ['2', false],
  ['<3', false],
  ['<=3', true],
  ['>2', true],
  ['>=4', false],
  ['=3', false],
  [' 3', false],
  ['', false],
  [3, false],
])('room_member_count of 3 is %j: %s', (is, expected) => {
  expect(holds({ kind: 'room_member_count', is })).toBe(expected);
});

test('sender_notification_permission asks for the level of its key', () => {
  const asked = { senderMayNotify: (key: string) => key === 'room' };
  expect(holds({ kind: 'sender_notification_permission', key: 'room' }, message(), asked)).toBe(true);
  expect(holds({ kind: 'sender_notification_permission', key: 'else' }, message(), asked)).toBe(false);
  expect(holds({ kind: 'sender_notification_permission' }, message(), asked)).toBe(false);
});

test('contains_display_name looks for the name among the words of the body', () => {
  const named = (body: string, name: string | undefined) =>
    holds({ kind: 'contains_display_name' }, message({ body }), { displayName: () => name });
  expect([named('hi alice!', 'Alice'), named('hi A*e', 'A*e')]).toEqual([true, true]);
  expect([named('malice', 'Alice'), named('hi', undefined), named('hi', ' '), named('ace', 'a*e')]).toEqual(
    Array.from({ length: 4 }, () => false),
  );
});

test.each([{}, { kind: 'unknown' }, { kind: 'event_match', key: 'type' }, { kind: 'event_match', pattern: '*' }])(
  'a condition that is not understood matches nothing: %j',
  (condition) => {
    expect(holds(condition)).toBe(false);
  },
);

const SOUND = { set_tweak: 'sound', value: 'default' };
const HIGHLIGHT = { set_tweak: 'highlight' };
const mentions = (value: JsonObject) => ({ 'm.mentions': value });
const replaces = { 'm.relates_to': { rel_type: 'm.replace', event_id: '$old' } };

describe('the predefined rules', () => {
  test.each<[string, JsonObject, readonly PushAction[]]>([
    ['a message', message(), ['notify']],
    ['an encrypted event', message({}, { type: 'm.room.encrypted' }), ['notify']],
    ['a call', message({}, { type: 'm.call.invite' }), ['notify', { set_tweak: 'sound', value: 'ring' }]],
    ['an invitation', state('m.room.member', alice, { membership: 'invite' }), ['notify', SOUND]],
    ['a mention', message(mentions({ user_ids: [alice] })), ['notify', SOUND, HIGHLIGHT]],
    [
      'a mention in an edit',
      message({ ...replaces, ...mentions({ user_ids: [alice] }) }),
      ['notify', SOUND, HIGHLIGHT],
    ],
    ['a mention of the room', message(mentions({ room: true })), ['notify', HIGHLIGHT]],
    ['a tombstone', state('m.room.tombstone', ''), ['notify', HIGHLIGHT]],
    ['a notice', message({ msgtype: 'm.notice' }), []],
    ['a mention in a notice', message({ msgtype: 'm.notice', ...mentions({ user_ids: [alice] }) }), []],
    ['the invitation of another', state('m.room.member', bob, { membership: 'invite' }), []],
    ['a join', state('m.room.member', bob, { membership: 'join' }), []],
    ['an edit', message(replaces), []],
    ['a reaction', message({}, { type: 'm.reaction' }), []],
    ['a tombstone with a key', state('m.room.tombstone', 'x'), []],
    ['a server ACL', state('m.room.server_acl', ''), []],
    ['a topic', state('m.room.topic', ''), []],
    ['a mention of another', message(mentions({ user_ids: [bob] })), ['notify']],
    ['a name in the body', message({ body: 'alice' }), ['notify']],
    ['a mention by oneself', message(mentions({ user_ids: [alice], room: true }), { sender: alice }), []],
  ])('%s', (_what, event, actions) => {
    expect(pushJudge(alice, NO_OWN_RULES)(event, facts)).toEqual({
      actions,
      isNotified: actions.length > 0,
      isHighlighted: actions.includes(HIGHLIGHT),
    });
  });

  test('messages between two people ring', () => {
    for (const type of ['m.room.message', 'm.room.encrypted']) {
      const verdict = pushJudge(alice, NO_OWN_RULES)(message({}, { type }), { ...facts, memberCount: () => 2 });
      expect(verdict.actions).toEqual(['notify', SOUND]);
    }
  });

  test('who lacks the power mentions nobody by mentioning the room', () => {
    const event = message(mentions({ room: true }));
    const verdict = pushJudge(alice, NO_OWN_RULES)(event, { ...facts, senderMayNotify: () => false });
    expect(verdict.actions).toEqual(['notify']);
  });
});

const rule = (ruleId: string, fields: Partial<PushRule> = {}): PushRule => ({
  rule_id: ruleId,
  default: false,
  enabled: true,
  actions: [],
  ...fields,
});
const own = (rules: OwnRules['rules'], changed: OwnRules['changed'] = {}): OwnRules => ({ rules, changed });
const actionsOf = (rules: OwnRules, event = message()) => pushJudge(alice, rules)(event, facts).actions;

describe('the order of rules', () => {
  const all = (action: string) => ({ actions: [action] });
  const kinds: OwnRules['rules'] = {
    override: [rule('o', { ...all('override'), conditions: [] })],
    content: [rule('c', { ...all('content'), pattern: 'hello' })],
    room: [rule(roomId, all('room'))],
    sender: [rule(bob, all('sender'))],
    underride: [rule('u', { ...all('underride'), conditions: [] })],
  };

  test('is that of the kinds', () => {
    const order = ['override', 'content', 'room', 'sender', 'underride'] as const;
    const left: Record<string, readonly PushRule[]> = { ...kinds };
    for (const kind of order) {
      expect(actionsOf(own(left))).toEqual([kind]);
      left[kind] = [];
    }
    expect(actionsOf(own(left))).toEqual(['notify']);
  });

  test('within a kind is as they stand, and who is disabled is passed over', () => {
    const content = [
      rule('one', { ...all('one'), pattern: 'hello', enabled: false }),
      rule('two', { ...all('two'), pattern: 'nothing' }),
      rule('three', { ...all('three'), pattern: 'hel*' }),
      rule('four', { ...all('four'), pattern: 'hello' }),
    ];
    expect(actionsOf(own({ content }))).toEqual(['three']);
  });

  test('the master rule is before all of them', () => {
    expect(actionsOf(own(kinds, { '.m.rule.master': { enabled: true } }))).toEqual([]);
  });

  test('rules of other rooms and senders do not match', () => {
    const others = { room: [rule('!other:us.test', all('room'))], sender: [rule(alice, all('sender'))] };
    expect(actionsOf(own(others))).toEqual(['notify']);
  });

  test('a predefined rule is followed as it was changed', () => {
    expect(actionsOf(own({}, { '.m.rule.message': { actions: [] } }))).toEqual([]);
    const notice = message({ msgtype: 'm.notice' });
    expect(actionsOf(own({}, { '.m.rule.suppress_notices': { enabled: false } }), notice)).toEqual(['notify']);
  });
});

test.each([
  [['dont_notify'], [], false, false],
  [['coalesce', 'notify'], ['notify'], true, false],
  [['notify', HIGHLIGHT], ['notify', HIGHLIGHT], true, true],
  [['notify', { ...HIGHLIGHT, value: false }], ['notify', { ...HIGHLIGHT, value: false }], true, false],
  [[HIGHLIGHT], [HIGHLIGHT], false, false],
])('actions %j', (given, actions, isNotified, isHighlighted) => {
  const rules = own({ override: [rule('o', { actions: given, conditions: [] })] });
  expect(pushJudge(alice, rules)(message(), facts)).toEqual({ actions, isNotified, isHighlighted });
});

test('rules without what they need match nothing', () => {
  expect(actionsOf(own({ content: [rule('c', { actions: ['x'] })] }))).toEqual(['notify']);
  expect(actionsOf(own({ override: [rule('o', { actions: ['x'] })] }))).toEqual(['x']);
});

describe('the rules that matter in a room', () => {
  const mute = (room: string) =>
    rule(room, { conditions: [{ kind: 'event_match', key: 'room_id', pattern: room }], actions: [] });

  test('leave out those of other rooms and what is disabled', () => {
    const here = mute(roomId);
    const override = [mute('!a:us.test'), here, rule('off', { enabled: false, conditions: [] })];
    expect(rulesInRoom(own({ override, room: [rule('!a:us.test')] }), roomId)).toEqual(own({ override: [here] }));
    expect(rulesInRoom(own({ override: [mute('!a:us.test')] }), roomId)).toBe(undefined);
    expect(rulesInRoom(NO_OWN_RULES, roomId)).toBe(undefined);
  });

  test('decide as all of them do', () => {
    const condition = fc.constantFrom<JsonObject>(
      { kind: 'event_match', key: 'room_id', pattern: roomId },
      { kind: 'event_match', key: 'room_id', pattern: roomId.toUpperCase() },
      { kind: 'event_match', key: 'room_id', pattern: '!a:us.test' },
      { kind: 'event_match', key: 'room_id', pattern: '!r*' },
      { kind: 'event_property_is', key: 'room_id', value: '!a:us.test' },
      { kind: 'event_match', key: 'content.body', pattern: 'hello' },
    );
    const rules = fc.array(
      fc.record({
        rule_id: fc.constantFrom(roomId, '!a:us.test', bob),
        default: fc.constant(false),
        enabled: fc.boolean(),
        actions: fc.array(fc.constantFrom('notify', 'dont_notify', 'own'), { maxLength: 2 }),
        conditions: fc.array(condition, { maxLength: 2 }),
        pattern: fc.constantFrom('hello', 'cake'),
      }),
      { maxLength: 3 },
    );
    const sets = fc.record({ override: rules, content: rules, room: rules, sender: rules, underride: rules });
    fc.assert(
      fc.property(sets, (set) => {
        // Only of override and underride rules conditions are kept.
        const bare = (list: readonly PushRule[]) => list.map((one) => rule(one.rule_id, { ...one, conditions: [] }));
        const given = own({ ...set, content: bare(set.content), room: bare(set.room), sender: bare(set.sender) });
        expect(actionsOf(rulesInRoom(given, roomId) ?? NO_OWN_RULES)).toEqual(actionsOf(given));
      }),
      { numRuns: 1_000 },
    );
  });
});
