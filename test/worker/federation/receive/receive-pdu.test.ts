import { expect, test } from 'vitest';

import type { KeyRing } from '../../../../src/federation/key-ring.ts';
import { receivePdu } from '../../../../src/federation/receive/receive-pdu.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSignedPdu, keysOf, roomRules } from '../../../support/worker/a-remote-room.ts';

const [us, peer, other] = [aServer('us.test'), aServer('peer.test'), aServer('other.test')];
const receive = (json: JsonObject, keys: KeyRing = keysOf(us, peer, other)) =>
  receivePdu({ serverName: us.name, keys }, roomRules, json);

test('an event that its sender signed passes', async () => {
  const pdu = aSignedPdu(peer);
  expect(await receive(pdu.json)).toEqual({ kind: 'checked', pdu, provisional: false });
});

test('what is no event of the room version is dropped', async () => {
  const { type: _type, ...json } = aSignedPdu(peer).json;
  expect(await receive(json)).toMatchObject({ kind: 'dropped' });
  expect(await receive({ type: 1, content: 'none' })).toMatchObject({ kind: 'dropped' });
});

test('one that is too large is dropped under its ID', async () => {
  const pdu = aSignedPdu(peer, [], { content: { membership: 'join', body: 'x'.repeat(64_000) } });
  const json = { ...pdu.json, padding: 'x'.repeat(2_000) };
  // What pads it is redacted away: the ID is the same.
  expect(await receive(json)).toMatchObject({ kind: 'dropped', eventId: pdu.eventId });
});

test.each([
  ['no signature', {}],
  ['a wrong signature', { 'peer.test': { 'ed25519:1': 'A'.repeat(86) } }],
  ['a signature under a key that the server does not have', { 'peer.test': { 'ed25519:9': 'A'.repeat(86) } }],
])('an event with %s is dropped', async (_what, signatures) => {
  const { json, eventId } = aSignedPdu(peer);
  expect(await receive({ ...json, signatures })).toMatchObject({ kind: 'dropped', eventId });
});

test('the signature of another server does not help', async () => {
  const { json } = aSignedPdu(other, [], { sender: '@user:peer.test' as UserId });
  expect(await receive(json)).toMatchObject({ kind: 'dropped' });
});

test('the right key over another event does not help', async () => {
  const { json } = aSignedPdu(peer);
  const { signatures } = aSignedPdu(peer).json;
  if (signatures === undefined) throw new Error('not signed');
  expect(await receive({ ...json, signatures })).toMatchObject({ kind: 'dropped' });
});

test('changed content leaves the redacted event, which is provisional', async () => {
  const pdu = aSignedPdu(peer);
  const outcome = await receive({ ...pdu.json, content: { body: 'forged' } });
  expect(outcome).toMatchObject({ kind: 'checked', provisional: true, pdu: { eventId: pdu.eventId, content: {} } });
});

test('an event of our own user without our signature is dropped before anything is fetched', async () => {
  const { json } = aSignedPdu(peer, [], { sender: '@user:us.test' as UserId });
  const asked: string[] = [];
  const keys: KeyRing = {
    keyFor: async (server) => {
      asked.push(server);
      return 'unknown';
    },
  };
  expect(await receive(json, keys)).toMatchObject({ kind: 'dropped' });
  expect(asked).toEqual([]);
});

test('an event of our own user with our signature passes: a restored backup may not know it', async () => {
  expect(await receive(aSignedPdu(us).json)).toMatchObject({ kind: 'checked' });
});

/** An invitation of the peer's user in the name of one of ours. */
const inviteInOurName = (signer: typeof peer, content: JsonObject) =>
  aSignedPdu(signer, [], {
    type: 'm.room.member',
    sender: '@user:us.test' as UserId,
    stateKey: '@eve:peer.test',
    content: { membership: 'invite', ...content },
  }).json;
const exchanged = { third_party_invite: { display_name: 'e', signed: { mxid: '@eve:peer.test', token: 't' } } };

test('a third-party invite by our own user is signed by the server of whom it invites', async () => {
  expect(await receive(inviteInOurName(peer, exchanged))).toMatchObject({ kind: 'checked' });
});

test.each([
  ['an ordinary invite', inviteInOurName(peer, {})],
  ['a third-party invite that another server signed', inviteInOurName(other, exchanged)],
  [
    'one that was redacted or changed',
    { ...inviteInOurName(peer, {}), content: { membership: 'invite', ...exchanged } },
  ],
])('%s by our own user without our signature is dropped', async (_what, json) => {
  expect(await receive(json)).toMatchObject({ kind: 'dropped' });
});

test('a key that cannot be fetched is no verdict', async () => {
  const pdu = aSignedPdu(peer);
  expect(await receive(pdu.json, keysOf(us))).toEqual({ kind: 'unverified', pdu, server: peer.name });
});

test('a key ring that fails lets nothing through', async () => {
  const keys: KeyRing = { keyFor: () => Promise.reject(new Error('out of order')) };
  await expect(receive(aSignedPdu(peer).json, keys)).rejects.toThrow('out of order');
});

test('the key has to be valid when the event was sent', async () => {
  const times: (number | undefined)[] = [];
  const keys: KeyRing = {
    keyFor: async (_server, _keyId, validAt) => {
      times.push(validAt);
      return peer.verifyKey;
    },
  };
  const pdu = aSignedPdu(peer);
  await receive(pdu.json, keys);
  expect(times).toEqual([pdu.originServerTs]);
});

test('an event with many signatures costs few keys', async () => {
  let asked = 0;
  const keys: KeyRing = {
    keyFor: async () => {
      asked += 1;
      return 'unknown';
    },
  };
  const byKey = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`ed25519:k${n}`, 'A'.repeat(86)]));
  await receive({ ...aSignedPdu(peer).json, signatures: { 'peer.test': byKey } }, keys);
  expect(asked).toBeLessThanOrEqual(5);
});
