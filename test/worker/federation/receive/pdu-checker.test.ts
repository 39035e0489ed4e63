import { expect, test } from 'vitest';

import type { KeyRing } from '../../../../src/federation/key-ring.ts';
import { createPduChecker } from '../../../../src/federation/receive/pdu-checker.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSignedPdu, keysOf, roomRules } from '../../../support/worker/a-remote-room.ts';

const [peer, other] = [aServer('peer.test'), aServer('other.test')];
const never = () => new Promise<void>(() => undefined);

test('what passes is kept in order, what fails is left out', async () => {
  const checker = createPduChecker({ keys: keysOf(peer, other), late: never });
  const [a, b, c] = [aSignedPdu(peer), aSignedPdu(other), aSignedPdu(peer)];
  const unsigned = { ...aSignedPdu(peer).json, signatures: {} };
  const altered = { ...c.json, content: { body: 'forged' } };
  const checked = await checker.check(roomRules, [a.json, unsigned, b.json, {}, altered]);
  expect(checked.map(({ eventId, content }) => [eventId, content])).toEqual([
    [a.eventId, a.content],
    [b.eventId, b.content],
    [c.eventId, {}],
  ]);
});

test('the events of a server whose key does not come in time are left out, the others are not', async () => {
  const known = keysOf(peer);
  const asked: string[] = [];
  const keys: KeyRing = {
    keyFor: (server, ...query) => {
      asked.push(server);
      return server === other.name ? new Promise(() => undefined) : known.keyFor(server, ...query);
    },
  };
  const checker = createPduChecker({ keys, late: async () => undefined });
  const [a, b] = [aSignedPdu(peer), aSignedPdu(other)];
  expect(await checker.check(roomRules, [b.json, a.json])).toEqual([a]);
  expect(asked).toContain(other.name);
});

test('an event is forged where a signature is missing or wrong, not where a key cannot be fetched', async () => {
  const checker = createPduChecker({ keys: keysOf(peer), late: never });
  const pdu = aSignedPdu(peer);
  const signedWith = (signatures: JsonObject) => ({ ...pdu, json: { ...pdu.json, signatures } });
  expect(await checker.isForged(roomRules, pdu)).toBe(false);
  expect(await checker.isForged(roomRules, signedWith({}))).toBe(true);
  expect(await checker.isForged(roomRules, signedWith({ [peer.name]: { 'ed25519:1': 'A'.repeat(86) } }))).toBe(true);
  expect(await checker.isForged(roomRules, aSignedPdu(other))).toBe(false);
});

test('whether one server signed is a question of its own', async () => {
  const checker = createPduChecker({ keys: keysOf(peer, other), late: never });
  const pdu = aSignedPdu(peer);
  expect(await checker.isSignedBy(roomRules, pdu, peer.name)).toBe(true);
  expect(await checker.isSignedBy(roomRules, pdu, other.name)).toBe(false);
});
