import { expect, test } from 'vitest';

import type { FederationResult } from '../../../src/federation/client.ts';
import { ServerKeyRing, createKeyRings, memoryKeyStore, type KeyAnswer } from '../../../src/federation/key-ring.ts';
import { readServerKeys, type RemoteKey } from '../../../src/federation/server-keys.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { signJson } from '../../../src/matrix/crypto/signed-json.ts';
import { aServer } from '../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../support/worker/a-key-answer.ts';

const DAY_MS = 86_400_000;
const now = 1_800_000_000_000;
const peer = aServer('peer.test');
const other = aServer('other.test');
const { keyId, publicKey } = peer.signingKey;

test('keys are read with the time they are valid until', () => {
  const read = readServerKeys(
    aKeyAnswer(peer, {
      validUntil: now + DAY_MS,
      old: { 'ed25519:old': { key: other.signingKey.publicKey, expired_ts: now - DAY_MS } },
    }),
    peer.name,
    now,
  );
  expect(read).toEqual({
    ok: true,
    value: [
      { keyId: 'ed25519:old', publicKey: other.signingKey.publicKey, validUntil: now - DAY_MS },
      { keyId, publicKey, validUntil: now + DAY_MS },
    ],
  });
});

test('a key is never believed for more than seven days', () => {
  const read = readServerKeys(aKeyAnswer(peer, { validUntil: now + 1000 * DAY_MS }), peer.name, now);
  expect(read).toMatchObject({ ok: true, value: [{ validUntil: now + 7 * DAY_MS }] });
});

const good = aKeyAnswer(peer, { validUntil: now + DAY_MS });
test.each<[string, JsonObject]>([
  ['of another server', aKeyAnswer(other)],
  ['without a signature', { ...good, signatures: {} }],
  ['changed after signing', { ...good, valid_until_ts: now + 2 * DAY_MS }],
  ['signed by another server', signJson({ ...good, signatures: {} }, other.name, other.signingKey)],
  [
    'signed with an old key only',
    signJson(
      {
        ...good,
        signatures: {},
        old_verify_keys: { 'ed25519:old': { key: other.signingKey.publicKey, expired_ts: 1 } },
      },
      peer.name,
      { ...other.signingKey, keyId: 'ed25519:old' },
    ),
  ],
  [
    'signed with a key that is listed as another',
    signJson({ ...good, signatures: {} }, peer.name, {
      ...other.signingKey,
      keyId,
    }),
  ],
  [
    'without valid_until_ts',
    signJson({ ...good, signatures: {}, valid_until_ts: undefined }, peer.name, peer.signingKey),
  ],
])('keys %s are refused', (_what, answer) => {
  expect(readServerKeys(answer, peer.name, now).ok).toBe(false);
});

function aRing() {
  let time = now;
  let answer: FederationResult<JsonObject> = { ok: true, value: good };
  let asked = 0;
  let told: readonly RemoteKey[] = [];
  const options = {
    server: peer.name,
    store: memoryKeyStore(),
    fetchKeys: async () => {
      asked += 1;
      return answer;
    },
    askNotaries: async () => told,
    now: () => time,
  };
  return {
    ring: new ServerKeyRing(options),
    asked: () => asked,
    notariesTell: (...keys: readonly RemoteKey[]) => (told = keys),
    wait: (ms: number) => (time += ms),
    answers: (next: JsonObject | 'down') =>
      (answer = next === 'down' ? { ok: false, reason: { kind: 'timeout', timeoutMs: 1 } } : { ok: true, value: next }),
  };
}

test('a key is fetched once while it is valid', async () => {
  const { ring, asked } = aRing();
  expect(await ring.keyFor(keyId, now)).toMatchObject({ publicKey });
  expect(await ring.keyFor(keyId, now + DAY_MS)).toMatchObject({ publicKey });
  expect(await ring.keyFor(keyId, undefined)).toMatchObject({ publicKey });
  expect(asked()).toBe(1);
});

test('a key that has run out is fetched again, and is not bad while the server is down', async () => {
  const { ring, answers, wait } = aRing();
  await ring.keyFor(keyId, now);
  wait(2 * DAY_MS);
  answers('down');
  expect(await ring.keyFor(keyId, now + 2 * DAY_MS)).toBe('unavailable');
  expect(await ring.keyFor(keyId, now + DAY_MS)).toMatchObject({ publicKey });
  answers(aKeyAnswer(peer, { validUntil: now + 3 * DAY_MS }));
  wait(3_600_000);
  expect(await ring.keyFor(keyId, now + 2 * DAY_MS)).toMatchObject({ publicKey });
});

test('an old key is good for its time only', async () => {
  const { ring, answers, wait } = aRing();
  answers(
    aKeyAnswer(peer, {
      validUntil: now + DAY_MS,
      old: { 'ed25519:old': { key: other.signingKey.publicKey, expired_ts: now - DAY_MS } },
    }),
  );
  expect(await ring.keyFor('ed25519:old', now - 2 * DAY_MS)).toMatchObject({ publicKey: other.signingKey.publicKey });
  wait(5_000);
  expect(await ring.keyFor('ed25519:old', now)).toBe('unknown');
  expect(await ring.keyFor('ed25519:old', undefined)).toMatchObject({ publicKey: other.signingKey.publicKey });
});

test('a key that the server no longer lists is kept for what was signed with it', async () => {
  const { ring, answers, wait } = aRing();
  await ring.keyFor(keyId, now);
  answers(aKeyAnswer(peer, { keyId: 'ed25519:2', validUntil: now + 3 * DAY_MS }));
  wait(2 * DAY_MS);
  expect(await ring.keyFor('ed25519:2', now + 2 * DAY_MS)).toMatchObject({ keyId: 'ed25519:2' });
  expect(await ring.keyFor(keyId, now)).toMatchObject({ publicKey });
});

test('made-up key IDs cost one question, and do not make another key unknown', async () => {
  const { ring, asked, answers, wait } = aRing();
  expect(await ring.keyFor('ed25519:nonsense', now)).toBe('unknown');
  expect(await ring.keyFor('ed25519:nonsense', now)).toBe('unknown');
  expect(await ring.keyFor('ed25519:2', now)).toBe('unavailable');
  expect(asked()).toBe(1);
  answers(aKeyAnswer(peer, { keyId: 'ed25519:2', validUntil: now + DAY_MS }));
  wait(5_000);
  expect(await ring.keyFor('ed25519:2', now)).toMatchObject({ keyId: 'ed25519:2' });
});

test('a server that does not answer is asked again half a minute later, one that did after five seconds', async () => {
  const { ring, asked, answers, wait } = aRing();
  answers('down');
  await ring.keyFor(keyId, now);
  wait(29_999);
  await ring.keyFor(keyId, now);
  expect(asked()).toBe(1);
  answers(aKeyAnswer(peer, { validUntil: now + DAY_MS }));
  wait(1);
  expect(await ring.keyFor(keyId, now)).toMatchObject({ publicKey });
  wait(4_999);
  expect(await ring.keyFor('ed25519:2', now)).toBe('unavailable');
  wait(1);
  expect(await ring.keyFor('ed25519:2', now)).toBe('unknown');
  expect(asked()).toBe(3);
});

test('a notary tells the key of a server that does not answer, and is believed no further than that', async () => {
  const { ring, answers, notariesTell, wait } = aRing();
  answers('down');
  notariesTell({ keyId, publicKey, validUntil: now + DAY_MS });
  expect(await ring.keyFor(keyId, now)).toMatchObject({ publicKey });
  wait(2 * DAY_MS);
  notariesTell({ keyId, publicKey: other.signingKey.publicKey, validUntil: now + 9 * DAY_MS });
  expect(await ring.keyFor(keyId, now + 2 * DAY_MS)).toBe('unavailable');
  expect(await ring.keyFor(keyId, now)).toMatchObject({ publicKey });
});

test('a server’s own word counts more than a notary’s', async () => {
  const { ring, answers, notariesTell, wait } = aRing();
  answers('down');
  notariesTell({ keyId, publicKey: other.signingKey.publicKey, validUntil: now + 1 });
  await ring.keyFor(keyId, now);
  answers(good);
  wait(3_600_000);
  expect(await ring.keyFor(keyId, now + DAY_MS)).toMatchObject({ publicKey });
});

test('a server that does not answer is asked less and less often', async () => {
  const { ring, asked, answers, wait } = aRing();
  answers('down');
  for (let minute = 0; minute < 120; minute += 1) {
    expect(await ring.keyFor(keyId, now)).toBe('unavailable');
    wait(60_000);
  }
  expect(asked()).toBeLessThan(10);
});

function anIsolate(registered: readonly ServerName[]) {
  const owners: string[] = [];
  const fetched: string[] = [];
  let answer: KeyAnswer = { keyId, publicKey, validUntil: now + DAY_MS };
  let clock = now;
  const { ofRequests: keys, ofEvents } = createKeyRings({
    serverName: other.name,
    ownKey: async (id) => (id === other.signingKey.keyId ? other.verifyKey : undefined),
    isRegistered: async (server) => registered.includes(server),
    askOwner: async (server) => {
      owners.push(server);
      return answer;
    },
    fetchKeys: async (server) => {
      fetched.push(server);
      return { ok: true, value: good };
    },
    askNotaries: async () => [],
    now: () => clock,
  });
  return {
    keys,
    ofEvents,
    owners,
    fetched,
    ownerAnswers: (next: KeyAnswer) => (answer = next),
    pass: (ms: number) => (clock += ms),
  };
}

test('a registered server is asked through its owner, once', async () => {
  const { keys, owners, fetched } = anIsolate([peer.name]);
  expect(await keys.keyFor(peer.name, keyId, now)).toMatchObject({ publicKey });
  expect(await keys.keyFor(peer.name, keyId, now)).toMatchObject({ publicKey });
  expect([owners, fetched]).toEqual([[peer.name], []]);
});

test('a refusal of the owner is not cached', async () => {
  const { keys, ownerAnswers } = anIsolate([peer.name]);
  ownerAnswers('unavailable');
  expect(await keys.keyFor(peer.name, keyId, now)).toBe('unavailable');
  ownerAnswers({ keyId, publicKey, validUntil: now + DAY_MS });
  expect(await keys.keyFor(peer.name, keyId, now)).toMatchObject({ publicKey });
});

test('a stranger is asked directly, and no object is addressed', async () => {
  const { keys, owners, fetched } = anIsolate([]);
  expect(await keys.keyFor(peer.name, keyId, now)).toMatchObject({ publicKey });
  expect([owners, fetched]).toEqual([[], [peer.name]]);
});

test('a stranger that is registered then is asked by its owner, which keeps the key', async () => {
  const registered: ServerName[] = [];
  const { keys, owners, ownerAnswers, pass } = anIsolate(registered);
  await keys.keyFor(peer.name, keyId, now);
  registered.push(peer.name);
  ownerAnswers('unavailable');
  // An owner that has no answer is not asked for every signature.
  for (let time = 0; time < 3; time += 1) {
    expect(await keys.keyFor(peer.name, keyId, now)).toMatchObject({ publicKey });
  }
  expect(owners).toHaveLength(1);
  pass(60_000);
  ownerAnswers({ keyId, publicKey, validUntil: now + DAY_MS });
  for (let time = 0; time < 3; time += 1) {
    expect(await keys.keyFor(peer.name, keyId, now)).toMatchObject({ publicKey });
  }
  expect(owners).toHaveLength(2);
});

test('many strangers at once are not all asked because of a request, but because of an event', async () => {
  const { keys, ofEvents, fetched } = anIsolate([]);
  for (let number = 0; number < 200; number += 1) {
    const stranger = aServer(`s${number}.test`);
    expect(typeof (await keys.keyFor(stranger.name, keyId, now))).toBe('string');
  }
  expect(fetched.length).toBeLessThanOrEqual(60);
  fetched.length = 0;
  for (let number = 0; number < 200; number += 1) await ofEvents.keyFor(aServer(`e${number}.test`).name, keyId, now);
  expect(fetched).toHaveLength(200);
});

test('our own key needs no request', async () => {
  const { keys, owners, fetched } = anIsolate([]);
  expect(await keys.keyFor(other.name, other.signingKey.keyId, now)).toBe(other.verifyKey);
  expect(await keys.keyFor(other.name, 'ed25519:none', now)).toBe('unknown');
  expect([owners, fetched]).toEqual([[], []]);
});
