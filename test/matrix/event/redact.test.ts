import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { redactJson } from '../../../src/matrix/event/redact.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

const allTopLevel =
  'event_id type room_id sender state_key content hashes signatures depth prev_events prev_state auth_events origin ' +
  'origin_server_ts membership';
const topLevelKeys = allTopLevel.split(' ');

const keptUntil10 = topLevelKeys;
const keptSince11 = topLevelKeys.filter((key) => !['prev_state', 'origin', 'membership'].includes(key));

function eventOf(type: string, content: JsonObject): JsonObject {
  const json: Record<string, JsonValue> = { redacts: '$gone', unsigned: { age: 1 }, extra: true };
  for (const key of topLevelKeys) json[key] = `value of ${key}`;
  return { ...json, type, content };
}

/** A content with each key that any room version keeps in any type, and some that none keeps. */
const everything: JsonObject = {
  membership: 'join',
  join_authorised_via_users_server: '@a:x',
  third_party_invite: { display_name: 'b', signed: { token: 't' } },
  creator: '@a:x',
  room_version: '11',
  additional_creators: [],
  join_rule: 'restricted',
  allow: [],
  ...Object.fromEntries(
    ['ban', 'events', 'events_default', 'invite', 'kick', 'notifications', 'redact', 'state_default', 'users'].map(
      (key) => [key, 1],
    ),
  ),
  users_default: 0,
  aliases: ['#a:x'],
  history_visibility: 'shared',
  redacts: '$gone',
  reason: 'r',
  displayname: 'A',
  body: 'text',
};

const levels = ['ban', 'events', 'events_default', 'kick', 'redact', 'state_default', 'users', 'users_default'];
const signedOnly = { third_party_invite: { signed: { token: 't' } } };

/** Versions, event type, what stays of `everything`. Source: "Redactions" of each version's page. */
const kept: readonly [string, string, JsonObject][] = [
  ['1 2 3 4 5 6 7 8', 'm.room.member', pick('membership')],
  ['9 10', 'm.room.member', pick('membership', 'join_authorised_via_users_server')],
  ['11 12', 'm.room.member', { ...pick('membership', 'join_authorised_via_users_server'), ...signedOnly }],
  ['1 2 3 4 5 6 7 8 9 10', 'm.room.create', pick('creator')],
  ['11 12', 'm.room.create', everything],
  ['1 2 3 4 5 6 7', 'm.room.join_rules', pick('join_rule')],
  ['8 9 10 11 12', 'm.room.join_rules', pick('join_rule', 'allow')],
  ['1 2 3 4 5 6 7 8 9 10', 'm.room.power_levels', pick(...levels)],
  ['11 12', 'm.room.power_levels', pick(...levels, 'invite')],
  ['1 2 3 4 5', 'm.room.aliases', pick('aliases')],
  ['6 7 8 9 10 11 12', 'm.room.aliases', {}],
  ['1 2 3 4 5 6 7 8 9 10 11 12', 'm.room.history_visibility', pick('history_visibility')],
  ['1 2 3 4 5 6 7 8 9 10', 'm.room.redaction', {}],
  ['11 12', 'm.room.redaction', pick('redacts')],
  ['1 2 3 4 5 6 7 8 9 10 11 12', 'm.room.message', {}],
  ['1 2 3 4 5 6 7 8 9 10 11 12', 'm.room.third_party_invite', {}],
  ['1 2 3 4 5 6 7 8 9 10 11 12', 'constructor', {}],
  ['1 2 3 4 5 6 7 8 9 10 11 12', '__proto__', {}],
];

function pick(...keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.map((key) => [key, everything[key]]));
}

describe('redaction', () => {
  test.each(kept)('in versions %s of %s keeps %j', (versions, type, content) => {
    for (const version of versions.split(' ')) {
      expect(redactJson(rulesOf(version), eventOf(type, everything)).content).toEqual(content);
    }
  });

  test.each(supportedRoomVersions)('in version %s keeps the listed keys of the event', (version) => {
    const expected = ['11', '12'].includes(version) ? keptSince11 : keptUntil10;
    const redacted = redactJson(rulesOf(version), eventOf('m.room.message', { body: 'text' }));
    expect(Object.keys(redacted).sort()).toEqual(expected.toSorted());
    for (const key of expected.filter((each) => each !== 'content' && each !== 'type')) {
      expect(redacted[key]).toBe(`value of ${key}`);
    }
  });

  test('keeps a third-party invite without a signed block as an empty object, and none that is no object', () => {
    const member = (invite: JsonValue) =>
      redactJson(rulesOf('11'), eventOf('m.room.member', { third_party_invite: invite })).content;
    expect(member({ display_name: 'b' })).toEqual({ third_party_invite: {} });
    expect(member('b')).toEqual({});
    expect(member([{ signed: {} }])).toEqual({});
  });

  test('leaves its input as it was and adds no key', () => {
    const json = eventOf('m.room.member', everything);
    const before = structuredClone(json);
    redactJson(rulesOf('10'), json);
    expect(json).toEqual(before);
    expect(redactJson(rulesOf('10'), { type: 'm.room.message', content: {} })).toEqual({
      type: 'm.room.message',
      content: {},
    });
  });

  test('done twice changes nothing more', () => {
    const types = fc.constantFrom(...new Set(kept.map(([, type]) => type)));
    const contents = fc.dictionary(
      fc.oneof(fc.constantFrom(...Object.keys(everything)), fc.string()),
      fc.jsonValue() as fc.Arbitrary<JsonValue>,
    );
    fc.assert(
      fc.property(fc.constantFrom(...supportedRoomVersions), types, contents, (version, type, content) => {
        const once = redactJson(rulesOf(version), eventOf(type, content));
        expect(redactJson(rulesOf(version), once)).toEqual(once);
      }),
    );
  });
});
