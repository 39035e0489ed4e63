import { describe, expect, test } from 'vitest';
import { eventSignatures, requiredSigners, verifyEventSignature } from '../../../src/matrix/event/check-signatures.ts';
import { parsePdu } from '../../../src/matrix/event/format.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { redactPdu } from '../../../src/matrix/event/redact.ts';
import { signatureOf } from '../../../src/matrix/event/sign.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { pduJson } from '../../support/core/pdu-json.ts';
import { rulesOf } from '../../support/core/rules-of.ts';
import { aServer } from '../../support/core/test-keys.ts';

const one = aServer('one.test');
const two = aServer('two.test');

function parsed(version: string, json: JsonObject): Pdu {
  const pdu = parsePdu(rulesOf(version), json);
  if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
  return pdu.value;
}

const pduOf = (version: string, changes: Record<string, JsonValue | undefined> = {}) =>
  parsed(version, pduJson(version, changes));

const signersOf = (version: string, pdu: Pdu) =>
  requiredSigners(rulesOf(version), pdu).map(({ why, servers }) => `${why}: ${servers.join('|')}`);

const sinceV8 = ['8', '9', '10', '11', '12'];

describe('who must sign', () => {
  test('the server of the sender, in every version', () => {
    for (const version of supportedRoomVersions) {
      expect(signersOf(version, pduOf(version))).toEqual(['sender: one.test']);
    }
  });

  test('the server in the event ID, in versions 1 and 2', () => {
    for (const version of supportedRoomVersions) {
      const expected = ['1', '2'].includes(version) ? ['sender: one.test', 'event-id: two.test'] : ['sender: one.test'];
      expect(signersOf(version, pduOf(version, { event_id: '$e:two.test' }))).toEqual(expected);
    }
  });

  const restricted = (by: JsonValue, membership = 'join') => ({
    type: 'm.room.member',
    state_key: '@alice:one.test',
    content: { membership, join_authorised_via_users_server: by },
  });

  test('the server that authorised a restricted join, since version 8', () => {
    for (const version of supportedRoomVersions) {
      const expected = sinceV8.includes(version)
        ? ['sender: one.test', 'restricted-join: two.test']
        : ['sender: one.test'];
      expect(signersOf(version, pduOf(version, restricted('@bob:two.test')))).toEqual(expected);
    }
  });

  test('the same for any membership that names one, and for no other event', () => {
    expect(signersOf('10', pduOf('10', restricted('@bob:two.test', 'leave')))).toContain('restricted-join: two.test');
    const message = { ...restricted('@bob:two.test'), type: 'm.room.message' };
    expect(signersOf('10', pduOf('10', message))).toEqual(['sender: one.test']);
  });

  test('nobody can, if the authorising user is none', () => {
    for (const by of ['bob', 7, null, ['@bob:two.test']]) {
      expect(signersOf('10', pduOf('10', restricted(by)))).toEqual(['sender: one.test', 'restricted-join: ']);
    }
  });

  const thirdPartyInvite = {
    type: 'm.room.member',
    state_key: '@carol:two.test',
    content: { membership: 'invite', third_party_invite: { signed: { mxid: '@carol:two.test', token: 't' } } },
  };

  test("for a third-party invite the sender's or the invited user's server", () => {
    for (const version of supportedRoomVersions) {
      expect(signersOf(version, pduOf(version, thirdPartyInvite))).toEqual(['third-party-invite: one.test|two.test']);
    }
  });

  test('only the sender for an invite that pretends to be one: its content hash does not hold', () => {
    for (const version of supportedRoomVersions) {
      const forged = pduOf(version, { ...thirdPartyInvite, hashes: { sha256: 'aGFzaA' } });
      expect(signersOf(version, forged)).toEqual(['sender: one.test']);
    }
    const knock = { ...thirdPartyInvite.content, membership: 'join' };
    expect(signersOf('11', pduOf('11', { ...thirdPartyInvite, content: knock }))).toEqual(['sender: one.test']);
  });
});

describe('an event signature', () => {
  const member = { type: 'm.room.member', state_key: '@alice:one.test', content: { membership: 'join', reason: 'x' } };
  const signed = (version: string, changes = {}) => {
    const unsigned = pduJson(version, { ...member, ...changes, signatures: {} });
    const signatures = signatureOf(rulesOf(version), unsigned, one.name, one.signingKey);
    return parsed(version, { ...unsigned, signatures });
  };
  const holds = (version: string, pdu: Pdu, server = one, keyId = 'ed25519:1') =>
    verifyEventSignature(rulesOf(version), pdu, server.name, keyId, server.verifyKey);

  test.each(supportedRoomVersions)('holds for the whole and the redacted event in version %s', (version) => {
    const pdu = signed(version);
    expect(holds(version, pdu)).toBe(true);
    expect(holds(version, redactPdu(rulesOf(version), pdu))).toBe(true);
  });

  test('fails for another server, key ID or key', () => {
    const pdu = signed('11');
    expect(holds('11', pdu, two)).toBe(false);
    expect(holds('11', pdu, one, 'ed25519:2')).toBe(false);
    expect(verifyEventSignature(rulesOf('11'), pdu, one.name, 'ed25519:1', two.verifyKey)).toBe(false);
  });

  test('fails when anything that redaction keeps was changed', () => {
    const pdu = signed('11');
    const changes: JsonObject[] = [
      { depth: 8 },
      { origin_server_ts: 1 },
      { content: { membership: 'leave' } },
      { hashes: { sha256: 'aGFzaA' } },
      { event_id: '$added' },
    ];
    for (const change of changes) expect(holds('11', { ...pdu, json: { ...pdu.json, ...change } })).toBe(false);
  });

  test('is not touched by what redaction removes: the content hash speaks for that', () => {
    const pdu = signed('11');
    expect(holds('11', { ...pdu, json: { ...pdu.json, content: { membership: 'join', reason: 'changed' } } })).toBe(
      true,
    );
  });

  test('fails for nonsense in its place', () => {
    const pdu = signed('11');
    const withSignatures = (signatures: JsonValue) => ({ ...pdu, json: { ...pdu.json, signatures } });
    for (const nonsense of ['', '!', 'c2hvcnQ', 'a'.repeat(86), `${'a'.repeat(86)}==`]) {
      expect(holds('11', withSignatures({ 'one.test': { 'ed25519:1': nonsense } }))).toBe(false);
    }
    for (const signatures of [{}, { 'one.test': {} }, { 'one.test': [] }, [], 'x']) {
      expect(holds('11', withSignatures(signatures))).toBe(false);
    }
  });

  test('is listed with its key ID', () => {
    const pdu = signed('11');
    expect(eventSignatures(pdu, one.name)).toEqual(['ed25519:1']);
    expect(eventSignatures(pdu, two.name)).toEqual([]);
    expect(eventSignatures(pdu, aServer('constructor').name)).toEqual([]);
  });
});
