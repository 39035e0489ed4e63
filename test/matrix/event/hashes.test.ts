import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { contentHash, contentHashHolds, eventIdOf, referenceHash } from '../../../src/matrix/event/hashes.ts';
import { redactJson } from '../../../src/matrix/event/redact.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import goldenEvents from '../../fixtures/event/golden-events.json';
import { literalContentHash, literalEventId, literalReferenceHash } from '../../support/core/literal-hashes.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

interface GoldenEvent {
  readonly version: string;
  readonly what: string;
  readonly eventId: string;
  readonly referenceHash: string;
  readonly json: JsonObject;
}
const golden = goldenEvents as unknown as readonly GoldenEvent[];

describe('golden events: hashes made by another implementation', () => {
  test.each(golden)('version $version: $what', ({ version, eventId, referenceHash: reference, json }) => {
    const rules = rulesOf(version);
    expect(contentHash(json)).toBe((json.hashes as JsonObject).sha256);
    expect(contentHashHolds(json)).toBe(true);
    expect(referenceHash(rules, json)).toBe(reference);
    expect(eventIdOf(rules, json)).toEqual({ ok: true, value: eventId });
    expect(literalContentHash(json)).toBe((json.hashes as JsonObject).sha256);
    expect(literalReferenceHash(Number(version), json)).toBe(reference);
    expect(literalEventId(Number(version), json)).toBe(eventId);
  });
});

const types = [
  'm.room.create',
  'm.room.member',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.redaction',
  'm.room.message',
  'm.room.aliases',
  'm.room.history_visibility',
  'x',
];
const integers = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const texts = fc.string({ unit: 'grapheme' });
const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    texts,
    integers,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(texts, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const contentKeys = fc.oneof(
  fc.constantFrom('membership', 'third_party_invite', 'creator', 'join_rule', 'allow', 'invite', 'redacts', 'aliases'),
  texts,
);
const topLevelKeys = fc.oneof(fc.constantFrom('origin', 'membership', 'prev_state', 'redacts', 'event_id'), texts);
const reserved = new Set(['type', 'content', 'hashes', 'signatures', 'unsigned', 'event_id']);

/** Events as far as hashing looks at them; nothing here is checked for its format. */
const events: fc.Arbitrary<JsonObject> = fc
  .record({
    type: fc.constantFrom(...types),
    content: fc.dictionary(contentKeys, values),
    others: fc.dictionary(topLevelKeys, values),
  })
  .map(({ type, content, others }) => {
    const open = Object.fromEntries(Object.entries(others).filter(([key]) => !reserved.has(key)));
    return { ...open, event_id: '$a:x.test', type, content };
  });
const versions = fc.constantFrom(...supportedRoomVersions);

describe('hashing', () => {
  test('gives what the specification says, read literally', () => {
    fc.assert(
      fc.property(versions, events, (version, event) => {
        const json = { ...event, hashes: { sha256: contentHash(event) }, signatures: {} };
        expect(contentHash(json)).toBe(literalContentHash(json));
        expect(referenceHash(rulesOf(version), json)).toBe(literalReferenceHash(Number(version), json));
        expect(eventIdOf(rulesOf(version), json)).toEqual({
          ok: true,
          value: literalEventId(Number(version), json),
        });
      }),
    );
  });

  test('gives the same ID whatever is redacted, signed or added to unsigned', () => {
    fc.assert(
      fc.property(versions, events, values, (version, event, extra) => {
        const rules = rulesOf(version);
        const json = { ...event, hashes: { sha256: contentHash(event) }, signatures: {} };
        const id = eventIdOf(rules, json);
        expect(eventIdOf(rules, redactJson(rules, json))).toEqual(id);
        expect(eventIdOf(rules, { ...json, signatures: { 'x.test': { 'ed25519:1': 'sig' } } })).toEqual(id);
        expect(eventIdOf(rules, { ...json, unsigned: { extra } })).toEqual(id);
        expect(contentHash({ ...json, unsigned: { extra }, signatures: {} })).toBe(contentHash(json));
      }),
    );
  });

  test('notices any change of the content', () => {
    fc.assert(
      fc.property(events, contentKeys, values, (event, key, value) => {
        const json: JsonObject = { ...event, hashes: { sha256: contentHash(event) } };
        expect(contentHashHolds(json)).toBe(true);
        const content = { ...(event.content as JsonObject), [key]: [value, 'changed'] };
        expect(contentHashHolds({ ...json, content })).toBe(false);
      }),
    );
  });

  test('compares hashes as bytes', () => {
    const event = { type: 'x', content: {} };
    const hash = contentHash(event);
    expect(contentHashHolds({ ...event, hashes: { sha256: `${hash}=` } })).toBe(true);
    expect(contentHashHolds({ ...event, hashes: { sha256: '' } })).toBe(false);
    expect(contentHashHolds({ ...event, hashes: { sha256: `${hash}AAAA` } })).toBe(false);
    expect(contentHashHolds({ ...event, hashes: { sha512: hash } })).toBe(false);
    expect(contentHashHolds({ ...event, hashes: hash })).toBe(false);
    expect(contentHashHolds(event)).toBe(false);
  });

  test.each(['1', '2'])('takes the ID that the event carries in version %s, with its server', (version) => {
    const idOf = (event_id?: JsonValue) => eventIdOf(rulesOf(version), event_id === undefined ? {} : { event_id });
    expect(idOf('$a:x.test')).toEqual({ ok: true, value: '$a:x.test' });
    expect(idOf()).toEqual({ ok: false, reason: { kind: 'missing', key: 'event_id' } });
    expect(idOf(7)).toEqual({ ok: false, reason: { kind: 'wrong-type', key: 'event_id' } });
    expect(idOf('a:x.test')).toEqual({ ok: false, reason: { kind: 'bad-id', key: 'event_id' } });
    expect(idOf('$a')).toEqual({ ok: false, reason: { kind: 'bad-id', key: 'event_id' } });
  });
});
