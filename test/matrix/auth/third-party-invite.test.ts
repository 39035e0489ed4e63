import { describeDenied } from '../../../src/matrix/auth/auth-verdict.ts';
import { signingKeyFromSeed } from '../../../src/matrix/crypto/ed25519.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { expect, test } from 'vitest';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';
import type { AuthCase } from '../../support/core/auth-cases.ts';

const place = { '1-5': '5.3.1', '6-7': '4.3.1', '8-11': '4.4.1', '12': '5.4.1' };

const incomplete = deniedAt(place, '.3', 'third-party-invite-incomplete');
const unsigned = deniedAt(place, '.2', 'third-party-invite-unsigned');
const badSignature = deniedAt(place, '.8', 'third-party-invite-bad-signature');

const key = signingKeyFromSeed('ed25519:0', new Uint8Array(32).fill(1));
const otherKey = signingKeyFromSeed('ed25519:0', new Uint8Array(32).fill(2));

const urlSafe = (base64: string) => base64.replaceAll('+', '-').replaceAll('/', '_');

/** What an identity server signs, under the server's name and the key's ID. */
function signed(by = key, keyId = key.keyId, payload: JsonObject = { mxid: carol, token: 'the-token' }): JsonObject {
  return { ...payload, signatures: { 'identity.test': { [keyId]: by.sign(canonicalJson(payload)) } } };
}

const signaturesOf = (by: typeof key) => ({ [by.keyId]: by.sign('anything') });

/** An invite of Carol by Bob that answers his invitation of an address. */
const inviteWith = (thirdPartyInvite: JsonValue) => (room: RoomBuilder) =>
  room.memberEvent(bob, carol, 'invite', { third_party_invite: thirdPartyInvite });

const withKeys =
  (keys: JsonObject, sender = bob) =>
  (room: RoomBuilder) =>
    room.withJoined(bob).withState('m.room.third_party_invite', 'the-token', { display_name: 'c…', ...keys }, sender);
const given = withKeys({ public_key: key.publicKey });

const good = inviteWith({ display_name: 'c…', signed: signed() });

const shapes: readonly AuthCase[] = [
  ...[null, true, 'signed', [], {}, { signed: null }, { signed: 'signed' }, { display_name: 'c…' }].map((invite) => ({
    name: `a third-party invite ${JSON.stringify(invite)} is denied`,
    given,
    event: inviteWith(invite),
    verdict: unsigned,
  })),
  ...[{}, { mxid: carol }, { token: 'the-token' }, { mxid: carol, token: 5 }].map((payload) => ({
    name: `a third-party invite with ${JSON.stringify(payload)} is denied`,
    given,
    event: inviteWith({ signed: signed(key, key.keyId, payload) }),
    verdict: incomplete,
  })),
];

const keys: readonly AuthCase[] = [
  {
    name: 'a key of public_keys will do',
    given: withKeys({ public_key: otherKey.publicKey, public_keys: [{ public_key: key.publicKey }] }),
    event: good,
    verdict: 'allowed',
  },
  {
    name: 'public_keys alone will do, whatever else is in the list',
    given: withKeys({
      public_keys: [null, 'key', { public_key: 5 }, { public_key: 'AA' }, { public_key: key.publicKey }],
    }),
    event: good,
    verdict: 'allowed',
  },
  {
    name: 'a key may be in URL-safe Base64',
    given: withKeys({ public_key: urlSafe(key.publicKey) }),
    event: good,
    verdict: 'allowed',
  },
  { name: 'without a key nothing is signed', given: withKeys({}), event: good, verdict: badSignature },
  {
    name: 'a key that is none signs nothing',
    given: withKeys({ public_key: 'not a key', public_keys: 'none' }),
    event: good,
    verdict: badSignature,
  },
];

const signatures: readonly AuthCase[] = [
  {
    name: 'the ID of the key does not matter',
    given,
    event: inviteWith({ signed: signed(key, 'ed25519:other') }),
    verdict: 'allowed',
  },
  {
    name: 'a signature of another algorithm does not count',
    given,
    event: inviteWith({ signed: signed(key, 'ed448:0') }),
    verdict: badSignature,
  },
  {
    name: 'a signature by another key is denied',
    given,
    event: inviteWith({ signed: signed(otherKey) }),
    verdict: badSignature,
  },
  {
    name: 'a signature that is not filed under a server and a key does not count',
    given,
    event: inviteWith({ signed: { ...signed(), signatures: { 'a.test': signed().signatures, 'b.test': null } } }),
    verdict: badSignature,
  },
  {
    name: 'a good signature beside a bad one will do, and what is unsigned does not matter',
    given,
    event: inviteWith({
      signed: {
        ...signed(),
        unsigned: { age: 1 },
        signatures: { 'a.test': { 'ed25519:1': 'AAAA', 'ed25519:2': 5 }, ...(signed().signatures as JsonObject) },
      },
    }),
    verdict: 'allowed',
  },
  {
    name: 'lists of signatures and keys that would take minutes to try are denied',
    given: withKeys({ public_keys: Array.from({ length: 400 }, () => ({ public_key: otherKey.publicKey })) }),
    event: inviteWith({
      signed: {
        ...signed(),
        signatures: Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`${at}.test`, signaturesOf(key)])),
      },
    }),
    verdict: badSignature,
  },
  {
    name: 'a signature over anything else is denied',
    given,
    event: inviteWith({ signed: { ...signed(), more: true } }),
    verdict: badSignature,
  },
  {
    name: 'a third-party invite without signatures is denied',
    given,
    event: inviteWith({ signed: { mxid: carol, token: 'the-token' } }),
    verdict: badSignature,
  },
];

testAuthCases([
  { name: 'an address that was invited may become a user', given, event: good, verdict: 'allowed' },
  {
    name: 'who invited an address need not be in the room any more',
    given: (room) => given(room).withMember(bob, 'leave', bob),
    event: good,
    verdict: 'allowed',
  },
  {
    name: 'a member may get the invite too',
    given: (room) => given(room).withJoined(carol),
    event: good,
    verdict: 'allowed',
  },
  {
    name: 'a banned user cannot come in by an address',
    given: (room) => given(room).withMember(carol, 'ban'),
    event: good,
    verdict: deniedAt(place, '.1', 'banned'),
  },
  {
    name: 'a third-party invite of another user is denied',
    given,
    event: inviteWith({ signed: signed(key, key.keyId, { mxid: alice, token: 'the-token' }) }),
    verdict: deniedAt(place, '.4', 'third-party-invite-other-user'),
  },
  {
    name: 'a third-party invite with another token is denied',
    given,
    event: inviteWith({ signed: signed(key, key.keyId, { mxid: carol, token: 'another' }) }),
    verdict: deniedAt(place, '.5', 'third-party-invite-unknown'),
  },
  {
    name: "another member's invitation of an address is denied",
    given: withKeys({ public_key: key.publicKey }, alice),
    event: good,
    verdict: deniedAt(place, '.6', 'third-party-invite-other-sender'),
  },
  ...shapes,
  ...keys,
  ...signatures,
]);

test('a denial can be told to people', () => {
  expect(describeDenied({ rule: '4.4.1.5', kind: 'third-party-invite-unknown' })).toBe(
    'there is no third-party invite with this token',
  );
});
