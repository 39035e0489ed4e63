import { describe, expect, test } from 'vitest';
import { toClientEvent, toClientEventWithoutRoomId } from '../../../src/matrix/event/client-event.ts';
import { parsePdu } from '../../../src/matrix/event/format.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { redactPdu } from '../../../src/matrix/event/redact.ts';
import { stripJson, stripPdu } from '../../../src/matrix/event/strip.ts';
import type { JsonValue } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { pduJson } from '../../support/core/pdu-json.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

function pduOf(version: string, changes: Record<string, JsonValue | undefined> = {}): Pdu {
  const pdu = parsePdu(rulesOf(version), pduJson(version, changes));
  if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
  return pdu.value;
}

describe('the client form', () => {
  test('holds what the client format names and nothing of the federation format', () => {
    const pdu = pduOf('11', { state_key: '', unsigned: { age: 1, theirs: true }, extra: 1, origin: 'one.test' });
    expect(toClientEvent(pdu)).toEqual({
      event_id: pdu.eventId,
      room_id: '!room:one.test',
      type: 'm.room.message',
      state_key: '',
      sender: '@alice:one.test',
      origin_server_ts: 1_700_000_000_000,
      content: { body: 'hello', msgtype: 'm.text' },
    });
    expect('room_id' in toClientEventWithoutRoomId(pdu)).toBe(false);
    expect('state_key' in toClientEvent(pduOf('11'))).toBe(false);
  });

  test('gives a version 12 create event the ID of its room', () => {
    const pdu = pduOf('12', { type: 'm.room.create', state_key: '', room_id: undefined });
    expect(toClientEvent(pdu).room_id).toBe(`!${pdu.eventId.slice(1)}`);
  });

  test('shows unsigned data to the reader it is for', () => {
    const because = toClientEventWithoutRoomId(pduOf('11', { type: 'm.room.redaction', content: { redacts: '$t' } }));
    const unsigned = { age: 5, transaction_id: 't1', prev_content: { a: 1 }, redacted_because: because };
    expect(toClientEvent(pduOf('11'), unsigned).unsigned).toEqual(unsigned);
  });

  test.each(supportedRoomVersions)('names what a redaction redacts in both places in version %s', (version) => {
    const inContent = version === '11' || version === '12';
    const pdu = pduOf(version, {
      type: 'm.room.redaction',
      content: inContent ? { reason: 'x', redacts: '$t:x.test' } : { reason: 'x' },
      ...(inContent ? {} : { redacts: '$t:x.test' }),
    });
    const event = toClientEvent(pdu);
    expect([event.redacts, event.content]).toEqual(['$t:x.test', { reason: 'x', redacts: '$t:x.test' }]);
    expect(pdu.json.content).toEqual(inContent ? { reason: 'x', redacts: '$t:x.test' } : { reason: 'x' });
    const redacted = toClientEvent(redactPdu(rulesOf(version), pdu));
    expect([redacted.redacts, redacted.content]).toEqual(
      inContent ? ['$t:x.test', { redacts: '$t:x.test' }] : [undefined, {}],
    );
  });
});

describe('the stripped form', () => {
  const name = { type: 'm.room.name', state_key: '', content: { name: 'A room' } };
  const stripped = { ...name, sender: '@alice:one.test' };

  test('holds four keys of a state event', () => {
    expect(stripPdu(pduOf('11', name))).toEqual(stripped);
    expect(stripPdu(pduOf('11'))).toBeUndefined();
  });

  test('is made of whatever another server sent', () => {
    expect(stripJson(pduJson('11', name))).toEqual(stripped);
    expect(stripJson({ ...stripped, event_id: '$x', unsigned: {} })).toEqual(stripped);
    for (const key of Object.keys(stripped)) expect(stripJson({ ...stripped, [key]: undefined })).toBeUndefined();
    expect(stripJson({ ...stripped, content: [] })).toBeUndefined();
  });
});
