import { describe, expect, test } from 'vitest';
import { addSignatures } from '../../../src/matrix/event/add-signatures.ts';
import { verifyEventSignature } from '../../../src/matrix/event/check-signatures.ts';
import { maxEventBytes, parsePdu } from '../../../src/matrix/event/format.ts';
import { eventIdOf } from '../../../src/matrix/event/hashes.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { signatureOf, signPdu } from '../../../src/matrix/event/sign.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { pduJson } from '../../support/core/pdu-json.ts';
import { rulesOf } from '../../support/core/rules-of.ts';
import { aServer } from '../../support/core/test-keys.ts';

const rules = rulesOf('11');
const one = aServer('one.test');
const two = aServer('two.test');

function pduOf(json: JsonObject): Pdu {
  const pdu = parsePdu(rules, json);
  if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
  return pdu.value;
}

const event = pduJson('11', { signatures: {} });
const byOne = pduOf({ ...event, signatures: signatureOf(rules, event, one.name, one.signingKey) });
const byTwo = pduOf({ ...event, signatures: signatureOf(rules, event, two.name, two.signingKey) });

function added(pdu: Pdu, signatures: JsonObject): Pdu {
  const result = addSignatures(pdu, signatures);
  if (!result.ok) throw new Error(JSON.stringify(result.reason));
  return result.value;
}

describe('adding signatures', () => {
  test('keeps those of both copies, each still valid, and the event ID', () => {
    const merged = added(byOne, byTwo.json.signatures as JsonObject);
    for (const server of [one, two]) {
      expect(verifyEventSignature(rules, merged, server.name, 'ed25519:1', server.verifyKey)).toBe(true);
    }
    expect(eventIdOf(rules, merged.json)).toEqual({ ok: true, value: byOne.eventId });
    expect({ ...merged, json: { ...merged.json, signatures: 0 } }).toEqual({
      ...byOne,
      json: { ...byOne.json, signatures: 0 },
    });
  });

  test('adds a second key of the same server', () => {
    const merged = added(byOne, { 'one.test': { 'ed25519:policy_server': 'c2ln' } });
    expect(Object.keys((merged.json.signatures as Record<string, JsonObject>)['one.test'] ?? {})).toEqual([
      'ed25519:1',
      'ed25519:policy_server',
    ]);
  });

  test('leaves a signature that is there', () => {
    expect(added(byOne, { 'one.test': { 'ed25519:1': 'other' } })).toBe(byOne);
    expect(added(byOne, byOne.json.signatures as JsonObject)).toBe(byOne);
    expect(added(byOne, {})).toBe(byOne);
  });

  test('passes over what is no signature', () => {
    expect(added(byOne, { 'two.test': 'sig', 'three.test': { 'ed25519:1': 7 }, 'four.test': [] })).toBe(byOne);
  });

  test('takes any name for a name', () => {
    const odd = JSON.parse('{"__proto__":{"__proto__":"sig"},"constructor":{"toString":"sig"}}') as JsonObject;
    const { signatures } = added(byOne, odd).json;
    expect(JSON.stringify(signatures)).toContain('"__proto__":{"__proto__":"sig"},"constructor":{"toString":"sig"}');
  });

  test('refuses to make the event larger than others accept', () => {
    const result = addSignatures(byOne, { 'two.test': { 'ed25519:1': 'a'.repeat(maxEventBytes) } });
    expect(result).toMatchObject({ ok: false, reason: { kind: 'too-large', limitBytes: maxEventBytes } });
  });

  test('signs an event of another server', () => {
    const signed = signPdu(rules, byOne, two.name, two.signingKey);
    expect(signed).toEqual({ ok: true, value: added(byOne, byTwo.json.signatures as JsonObject) });
  });
});
