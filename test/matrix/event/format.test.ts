import { describe, expect, test } from 'vitest';
import { describeFormatFault } from '../../../src/matrix/event/format-fault.ts';
import { maxEventBytes, parsePdu } from '../../../src/matrix/event/format.ts';
import { eventIdOf } from '../../../src/matrix/event/hashes.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { hashedRoomId, pduJson } from '../../support/core/pdu-json.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

type Changes = Record<string, JsonValue | undefined>;

/** `ok`, or the kind of the fault and the key it is about. */
function verdict(version: string, changes: Changes): string {
  const parsed = parsePdu(rulesOf(version), pduJson(version, changes));
  if (parsed.ok) return 'ok';
  return 'key' in parsed.reason ? `${parsed.reason.kind} ${parsed.reason.key}` : parsed.reason.kind;
}

const verdicts = (versions: readonly string[], changes: Changes) =>
  versions.map((version) => [version, verdict(version, changes)]);
const all = (versions: readonly string[], outcome: string) => versions.map((version) => [version, outcome]);

const every = supportedRoomVersions;
const pairs = ['1', '2'];
const lists = every.filter((version) => !pairs.includes(version));
const lax = ['1', '2', '3', '4', '5'];
const strict = every.filter((version) => !lax.includes(version));
const beforeV12 = every.filter((version) => version !== '12');
const redactsOnTop = every.filter((version) => version !== '11' && version !== '12');

const ids = (count: number, versions: readonly string[]): JsonValue =>
  Array.from({ length: count }, (_, n) => (versions === pairs ? [`$${n}:x.test`, { sha256: 'h' }] : `$${n}`));
const source = (text: string) => new SourceNumber(text);

/** Versions, what is changed, the outcome. */
const table: readonly [readonly string[], Changes, string][] = [
  [every, {}, 'ok'],
  // Keys that every version requires
  ...[
    'sender',
    'type',
    'content',
    'depth',
    'origin_server_ts',
    'prev_events',
    'auth_events',
    'hashes',
    'signatures',
  ].map((key): [readonly string[], Changes, string] => [every, { [key]: undefined }, `missing ${key}`]),
  [every, { room_id: undefined }, 'missing room_id'],
  [pairs, { event_id: undefined }, 'missing event_id'],
  // Types
  [every, { type: 5 }, 'wrong-type type'],
  [every, { sender: null }, 'wrong-type sender'],
  [every, { state_key: null }, 'wrong-type state_key'],
  [every, { state_key: '' }, 'ok'],
  [every, { content: [] }, 'wrong-type content'],
  [every, { content: 'text' }, 'wrong-type content'],
  [every, { content: null }, 'wrong-type content'],
  [every, { room_id: 1 }, 'wrong-type room_id'],
  [pairs, { event_id: 1 }, 'wrong-type event_id'],
  [every, { prev_events: {} }, 'wrong-type prev_events'],
  [every, { auth_events: '$a' }, 'wrong-type auth_events'],
  // Identifiers
  [every, { sender: 'alice' }, 'bad-id sender'],
  [every, { sender: '@alice' }, 'bad-id sender'],
  [every, { sender: `@${'a'.repeat(255)}:one.test` }, 'bad-id sender'],
  [every, { room_id: 'room:one.test' }, 'bad-id room_id'],
  [beforeV12, { room_id: '!room' }, 'bad-id room_id'],
  [beforeV12, { room_id: hashedRoomId }, 'bad-id room_id'],
  [beforeV12, { room_id: `!${'r'.repeat(255)}:one.test` }, 'bad-id room_id'],
  [['12'], { room_id: '!room:one.test' }, 'bad-id room_id'],
  [['12'], { room_id: `!${'h'.repeat(42)}` }, 'bad-id room_id'],
  [['12'], { room_id: `!${'h'.repeat(42)}+` }, 'bad-id room_id'],
  [pairs, { event_id: '$no-server' }, 'bad-id event_id'],
  [pairs, { event_id: `$${'e'.repeat(255)}:one.test` }, 'bad-id event_id'],
  [lists, { event_id: 'anything' }, 'ok'],
  // Byte lengths
  [every, { type: 'é'.repeat(127) }, 'ok'],
  [every, { type: 'é'.repeat(128) }, 'too-long type'],
  [every, { state_key: 'a'.repeat(255) }, 'ok'],
  [every, { state_key: 'a'.repeat(256) }, 'too-long state_key'],
  [every, { state_key: '鳥'.repeat(86) }, 'too-long state_key'],
  // Edges
  [pairs, { prev_events: ids(20, pairs), auth_events: ids(10, pairs) }, 'ok'],
  [pairs, { prev_events: ids(21, pairs) }, 'too-many prev_events'],
  [pairs, { auth_events: ids(11, pairs) }, 'too-many auth_events'],
  [pairs, { prev_events: ['$a:x.test'] }, 'wrong-type prev_events'],
  [pairs, { prev_events: [['$a:x.test']] }, 'wrong-type prev_events'],
  [pairs, { prev_events: [['$a:x.test', 'hash']] }, 'wrong-type prev_events'],
  [pairs, { prev_events: [['$a:x.test', {}, {}]] }, 'wrong-type prev_events'],
  [pairs, { auth_events: [['$a:x.test', {}]] }, 'ok'],
  [pairs, { auth_events: [[7, {}]] }, 'wrong-type auth_events'],
  [lists, { prev_events: ids(20, lists), auth_events: ids(10, lists) }, 'ok'],
  [lists, { prev_events: ids(21, lists) }, 'too-many prev_events'],
  [lists, { auth_events: ids(11, lists) }, 'too-many auth_events'],
  [lists, { prev_events: [['$a:x.test', { sha256: 'h' }]] }, 'wrong-type prev_events'],
  [lists, { prev_events: [null] }, 'wrong-type prev_events'],
  [lists, { auth_events: ['a'] }, 'bad-id auth_events'],
  [lists, { auth_events: [`$${'a'.repeat(255)}`] }, 'bad-id auth_events'],
  [every, { prev_events: [], auth_events: [] }, 'ok'],
  // Numbers
  [every, { depth: 0 }, 'ok'],
  [every, { depth: -1 }, 'out-of-range depth'],
  [every, { depth: '7' }, 'wrong-type depth'],
  [every, { depth: 1.5 }, 'wrong-type depth'],
  [every, { depth: Number.MAX_SAFE_INTEGER }, 'ok'],
  [lax, { depth: source('9223372036854775807') }, 'ok'],
  [lax, { depth: source('9223372036854775808') }, 'out-of-range depth'],
  [lax, { depth: source('7.0') }, 'wrong-type depth'],
  [lax, { origin_server_ts: source('-9223372036854775808') }, 'ok'],
  [strict, { depth: source('9007199254740992') }, 'wrong-type depth'],
  [strict, { origin_server_ts: source('9007199254740992') }, 'wrong-type origin_server_ts'],
  [every, { origin_server_ts: 0 }, 'ok'],
  [every, { origin_server_ts: '1' }, 'wrong-type origin_server_ts'],
  [every, { origin_server_ts: 1.5 }, 'wrong-type origin_server_ts'],
  // Canonical JSON anywhere in the event
  [lax, { content: { users: { '@a:x': source('5e1') } } }, 'ok'],
  [lax, { content: { level: source('1.0') } }, 'ok'],
  [lax, { content: { level: 50.5 } }, 'ok'],
  [strict, { content: { level: source('1.0') } }, 'not-canonical'],
  [strict, { content: { level: [{ deep: 50.5 }] } }, 'not-canonical'],
  [strict, { extra: source('9007199254740992') }, 'not-canonical'],
  [every, { content: { level: Number.MIN_SAFE_INTEGER } }, 'ok'],
  // Hashes and signatures
  [every, { hashes: {} }, 'wrong-type hashes'],
  [every, { hashes: { sha256: 1 } }, 'wrong-type hashes'],
  [every, { hashes: 'h' }, 'wrong-type hashes'],
  [every, { hashes: { sha256: 'h', sha512: 'other' } }, 'ok'],
  [every, { signatures: [] }, 'wrong-type signatures'],
  [every, { signatures: { 'one.test': 'sig' } }, 'wrong-type signatures'],
  [every, { signatures: { 'one.test': { 'ed25519:1': 1 } } }, 'wrong-type signatures'],
  [every, { signatures: {} }, 'ok'],
  // What the format does not name
  [every, { 'org.example.extra': { any: [1, null] }, origin: 5, prev_state: 'x', membership: [] }, 'ok'],
  [every, { unsigned: { age: 1 } }, 'ok'],
  [every, { unsigned: 'nonsense' }, 'ok'],
  // Redactions
  [redactsOnTop, { type: 'm.room.redaction', redacts: 7 }, 'wrong-type redacts'],
  [redactsOnTop, { type: 'm.room.redaction' }, 'ok'],
  [every, { redacts: 7 }, 'ok'],
  [['11', '12'], { type: 'm.room.redaction', redacts: 7 }, 'ok'],
  [['11', '12'], { type: 'm.room.redaction', content: { redacts: 7 } }, 'ok'],
  // Create events
  [beforeV12, { type: 'm.room.create', state_key: '', room_id: undefined }, 'missing room_id'],
  [['12'], { type: 'm.room.create', state_key: '', room_id: undefined }, 'ok'],
  [['12'], { type: 'm.room.create', state_key: '' }, 'unexpected room_id'],
];

describe('the event format', () => {
  test.each(table.map(([versions, changes, outcome]) => ({ versions, changes, outcome })))(
    'versions $versions with $changes: $outcome',
    ({ versions, changes, outcome }) => {
      expect(verdicts(versions, changes)).toEqual(all(versions, outcome));
    },
  );

  test.each(every)('version %s gives the fields as it reads them', (version) => {
    const json = pduJson(version, { state_key: 'k', unsigned: { age: 1 }, extra: 'kept' });
    const rules = rulesOf(version);
    const suffix = pairs.includes(version) ? ':two.test' : '';
    const { unsigned: _unsigned, ...kept } = json;
    expect(parsePdu(rules, json)).toEqual({
      ok: true,
      value: {
        eventId: pairs.includes(version) ? '$event:one.test' : eventIdOf(rules, json).ok && parsedId(version, json),
        roomId: json.room_id,
        type: 'm.room.message',
        sender: '@alice:one.test',
        stateKey: 'k',
        content: json.content,
        prevEvents: [`$prev${suffix}`],
        authEvents: [`$auth${suffix}`],
        depth: 7,
        originServerTs: 1_700_000_000_000,
        redacts: undefined,
        json: kept,
      },
    });
  });

  test('a version 12 room is named after its create event', () => {
    const parsed = parsePdu(rulesOf('12'), pduJson('12', { type: 'm.room.create', state_key: '', room_id: undefined }));
    expect(parsed.ok && parsed.value.roomId).toBe(parsed.ok && `!${parsed.value.eventId.slice(1)}`);
    expect(parsed.ok && 'room_id' in parsed.value.json).toBe(false);
  });

  test('redacts is read from where the version keeps it', () => {
    const changes = { type: 'm.room.redaction', redacts: '$top', content: { redacts: '$content' } };
    const redacts = every.map((version) => {
      const parsed = parsePdu(rulesOf(version), pduJson(version, changes));
      return parsed.ok && parsed.value.redacts;
    });
    expect(redacts).toEqual([...redactsOnTop.map(() => '$top'), '$content', '$content']);
  });

  test('an event may have 65,536 bytes with its signatures and without unsigned', () => {
    for (const version of every) {
      const ofSize = (sizeBytes: number) => {
        const empty = canonicalJson(pduJson(version, { content: { body: '' } })).length;
        return pduJson(version, {
          content: { body: 'é'.repeat((sizeBytes - empty) >> 1) + 'a'.repeat((sizeBytes - empty) & 1) },
        });
      };
      const largest = ofSize(maxEventBytes);
      expect(Buffer.byteLength(canonicalJson(largest))).toBe(maxEventBytes);
      expect(parsePdu(rulesOf(version), { ...largest, unsigned: { age: 1 } }).ok).toBe(true);
      expect(parsePdu(rulesOf(version), ofSize(maxEventBytes + 1))).toEqual({
        ok: false,
        reason: { kind: 'too-large', sizeBytes: maxEventBytes + 1, limitBytes: maxEventBytes },
      });
    }
  });

  test('an event may be nested 128 levels deep, itself among them; a deeper one has an ID all the same', () => {
    for (const version of every) {
      const nested = (levels: number) =>
        pduJson(version, {
          content: JSON.parse(`{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}`) as JsonObject,
        });
      expect(parsePdu(rulesOf(version), nested(128)).ok).toBe(true);
      expect(parsePdu(rulesOf(version), nested(129))).toEqual({ ok: false, reason: { kind: 'too-deep', limit: 128 } });
      expect(eventIdOf(rulesOf(version), nested(900)).ok).toBe(true);
    }
  });

  test('keys called like what objects inherit are only keys', () => {
    const odd = JSON.parse('{"__proto__":{"x":1},"constructor":{"y":2}}') as JsonObject;
    for (const version of every) {
      const json = pduJson(version, { content: odd, type: 'constructor' });
      const parsed = parsePdu(rulesOf(version), { ...json, ...odd });
      expect(parsed.ok && canonicalJson(parsed.value.content)).toBe('{"__proto__":{"x":1},"constructor":{"y":2}}');
      expect(parsed.ok && Object.hasOwn(parsed.value.json, '__proto__')).toBe(true);
    }
  });

  test('a fault is told in a sentence', () => {
    expect(describeFormatFault({ kind: 'missing', key: 'sender' })).toBe('sender is missing');
    expect(describeFormatFault({ kind: 'too-many', key: 'prev_events', limit: 20 })).toBe(
      'prev_events has more than 20 entries',
    );
    expect(describeFormatFault({ kind: 'too-large', sizeBytes: 70_000, limitBytes: 65_536 })).toBe(
      'the event has 70000 bytes, more than 65536',
    );
    expect(describeFormatFault({ kind: 'too-deep', limit: 128 })).toBe('the event is nested more than 128 levels deep');
  });
});

function parsedId(version: string, json: JsonObject): string {
  const id = eventIdOf(rulesOf(version), json);
  if (!id.ok) throw new Error(describeFormatFault(id.reason));
  return id.value;
}
