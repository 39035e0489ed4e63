import { describe, expect, test } from 'vitest';
import { buildPdu, maxOwnEventBytes } from '../../../src/matrix/event/build.ts';
import type { PduDraft } from '../../../src/matrix/event/build.ts';
import { verifyEventSignature } from '../../../src/matrix/event/check-signatures.ts';
import { parsePdu } from '../../../src/matrix/event/format.ts';
import { contentHashHolds } from '../../../src/matrix/event/hashes.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { redactPdu } from '../../../src/matrix/event/redact.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { hashedRoomId } from '../../support/core/pdu-json.ts';
import { rulesOf } from '../../support/core/rules-of.ts';
import { aServer } from '../../support/core/test-keys.ts';

const us = aServer('one.test');
const pairs = ['1', '2'];
const id = (text: string) => text as EventId;

function draft(version: string, changes: Partial<PduDraft> = {}): PduDraft {
  return {
    roomId: (version === '12' ? hashedRoomId : '!room:one.test') as RoomId,
    type: 'm.room.message',
    sender: '@alice:one.test' as UserId,
    content: { body: 'hello', msgtype: 'm.text' },
    prevEvents: [id('$prev:two.test')],
    authEvents: [id('$auth:one.test')],
    depth: 7,
    originServerTs: 1_700_000_000_000,
    ...(pairs.includes(version) ? { eventId: id('$random:one.test'), referenceHashOf: (of) => `hash of ${of}` } : {}),
    ...changes,
  };
}

function built(version: string, changes: Partial<PduDraft> = {}): Pdu {
  const pdu = buildPdu(rulesOf(version), draft(version, changes), us.name, us.signingKey);
  if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
  return pdu.value;
}

describe('an event of ours', () => {
  test.each(supportedRoomVersions)('in version %s is whole, hashed, signed and read alike by others', (version) => {
    const pdu = built(version, { stateKey: '' });
    const rules = rulesOf(version);
    expect(contentHashHolds(pdu.json)).toBe(true);
    expect(verifyEventSignature(rules, pdu, us.name, 'ed25519:1', us.verifyKey)).toBe(true);
    expect(verifyEventSignature(rules, redactPdu(rules, pdu), us.name, 'ed25519:1', us.verifyKey)).toBe(true);
    const wire = JSON.parse(canonicalJson(pdu.json)) as Pdu['json'];
    expect(parsePdu(rules, wire)).toEqual({ ok: true, value: pdu });
  });

  test.each(pairs)('in version %s carries its ID and the hashes of its parents', (version) => {
    const { json, eventId } = built(version);
    expect(eventId).toBe('$random:one.test');
    expect(json.event_id).toBe('$random:one.test');
    expect(json.prev_events).toEqual([['$prev:two.test', { sha256: 'hash of $prev:two.test' }]]);
    expect(json.auth_events).toEqual([['$auth:one.test', { sha256: 'hash of $auth:one.test' }]]);
  });

  test('from version 3 on carries no ID', () => {
    for (const version of supportedRoomVersions.slice(2)) {
      const { json } = built(version, { eventId: id('$random:one.test') });
      expect('event_id' in json).toBe(false);
      expect(json.prev_events).toEqual(['$prev:two.test']);
    }
  });

  test('names the room by itself when it creates a version 12 room', () => {
    const { roomId: _roomId, ...withoutRoom } = draft('12', {
      type: 'm.room.create',
      stateKey: '',
      prevEvents: [],
      authEvents: [],
    });
    const pdu = buildPdu(rulesOf('12'), withoutRoom, us.name, us.signingKey);
    expect(pdu.ok && 'room_id' in pdu.value.json).toBe(false);
    expect(pdu.ok && pdu.value.roomId).toBe(pdu.ok && `!${pdu.value.eventId.slice(1)}`);
    expect(buildPdu(rulesOf('11'), withoutRoom, us.name, us.signingKey)).toEqual({
      ok: false,
      reason: { kind: 'missing', key: 'room_id' },
    });
  });

  test('puts what a redaction names where the version keeps it', () => {
    for (const version of supportedRoomVersions) {
      const pdu = built(version, { type: 'm.room.redaction', content: { reason: 'x' }, redacts: id('$t:one.test') });
      const inContent = version === '11' || version === '12';
      expect(pdu.redacts).toBe('$t:one.test');
      expect(pdu.json.redacts).toBe(inContent ? undefined : '$t:one.test');
      expect(pdu.content).toEqual(inContent ? { reason: 'x', redacts: '$t:one.test' } : { reason: 'x' });
    }
  });

  test('says origin only in versions that keep it', () => {
    const said = supportedRoomVersions.filter((version) => 'origin' in built(version).json);
    expect(said).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  });

  test('stays at the limit of the depth', () => {
    expect(built('6', { depth: Number.MAX_SAFE_INTEGER + 1 }).json.depth).toBe(Number.MAX_SAFE_INTEGER);
    expect(built('5', { depth: 2 ** 63 }).json.depth).toEqual(new SourceNumber('9223372036854775807'));
    expect(built('5', { depth: 2 ** 60 }).json.depth).toEqual(new SourceNumber('1152921504606846976'));
  });

  test('leaves room for the signatures of others', () => {
    const sizeOf = (body: string) => Buffer.byteLength(canonicalJson(built('11', { content: { body } }).json));
    const fits = 'a'.repeat(maxOwnEventBytes - sizeOf(''));
    expect(maxOwnEventBytes).toBe(64_511);
    expect(sizeOf(fits)).toBe(maxOwnEventBytes);
    const refused = buildPdu(rulesOf('11'), draft('11', { content: { body: `${fits}a` } }), us.name, us.signingKey);
    expect(refused).toEqual({
      ok: false,
      reason: { kind: 'too-large', sizeBytes: maxOwnEventBytes + 1, limitBytes: maxOwnEventBytes },
    });
  });

  test.each([
    ['twenty-one parents', { prevEvents: Array.from({ length: 21 }, (_, n) => id(`$${n}`)) }, 'prev_events'],
    ['a type that is too long', { type: 't'.repeat(256) }, 'type'],
    ['a float in the content', { content: { level: 0.5 } }, undefined],
  ] as const)('is refused with %s', (_what, changes, key) => {
    const refused = buildPdu(rulesOf('11'), draft('11', changes), us.name, us.signingKey);
    expect(refused.ok).toBe(false);
    expect(!refused.ok && 'key' in refused.reason ? refused.reason.key : undefined).toBe(key);
  });
});
