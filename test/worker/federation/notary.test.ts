import { expect, test } from 'vitest';

import { createNotary, type NotaryDeps } from '../../../src/federation/notary.ts';
import { verifyJson } from '../../../src/matrix/crypto/signed-json.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { aServer } from '../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../support/worker/a-key-answer.ts';

const us = aServer('us.test');
const peer = aServer('peer.test');
const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;

function aNotary(changes: Partial<NotaryDeps> = {}) {
  let time = NOW;
  const fetched: ServerName[] = [];
  const answers = new Map<ServerName, JsonObject>();
  const notary = createNotary({
    serverName: us.name,
    ownKeys: { published: async () => ({ current: [us.signingKey], old: [] }) },
    signingKey: async () => us.signingKey,
    isRegistered: async () => false,
    askOwner: async () => undefined,
    fetchKeys: async (server) => {
      fetched.push(server);
      const value = answers.get(server);
      return value === undefined ? { ok: false, reason: { kind: 'timeout', timeoutMs: 1 } } : { ok: true, value };
    },
    now: () => time,
    after: () => new Promise(() => undefined),
    ...changes,
  });
  const ask = (server: ServerName, keyIds: readonly string[] = [], minimumValidUntil = time) =>
    notary.answer([{ server, keyIds, minimumValidUntil }]);
  return {
    notary,
    ask,
    fetched,
    says: (server: ServerName, answer: JsonObject | undefined) =>
      answer === undefined ? answers.delete(server) : answers.set(server, answer),
    wait: (ms: number) => (time += ms),
  };
}

test('what a server says of its keys is passed on as it came, with our signature', async () => {
  const { ask, says } = aNotary();
  const answer = { ...aKeyAnswer(peer, { validUntil: NOW + DAY_MS }) };
  says(peer.name, answer);
  const [told = {}] = await ask(peer.name);
  const { signatures, ...content } = told;
  const { signatures: theirs, ...source } = answer;
  expect(content).toEqual(source);
  expect(signatures).toMatchObject(theirs as JsonObject);
  expect(verifyJson(told, us.name, us.signingKey.keyId, us.verifyKey)).toBe(true);
  expect(verifyJson(told, peer.name, peer.signingKey.keyId, peer.verifyKey)).toBe(true);
});

test('what the server did not sign is not signed here', async () => {
  const { ask, says } = aNotary();
  says(peer.name, { ...aKeyAnswer(peer, { validUntil: NOW + DAY_MS }), valid_until_ts: NOW + 2 * DAY_MS });
  expect(await ask(peer.name)).toEqual([]);
});

test('our own keys are told too', async () => {
  const { ask, fetched } = aNotary();
  expect(await ask(us.name)).toMatchObject([
    { server_name: us.name, verify_keys: { [us.signingKey.keyId]: { key: us.signingKey.publicKey } } },
  ]);
  expect(fetched).toEqual([]);
});

test('a server is asked once while its answer is valid for as long as is asked', async () => {
  const { ask, says, fetched, wait } = aNotary();
  says(peer.name, aKeyAnswer(peer, { validUntil: NOW + DAY_MS }));
  await ask(peer.name);
  await ask(peer.name, [peer.signingKey.keyId]);
  expect(fetched).toHaveLength(1);
  wait(30_000);
  says(peer.name, aKeyAnswer(peer, { validUntil: NOW + 3 * DAY_MS }));
  expect(await ask(peer.name, [], NOW + 2 * DAY_MS)).toMatchObject([{ valid_until_ts: NOW + 3 * DAY_MS }]);
  expect(fetched).toHaveLength(2);
});

test('a key that the answer does not have is asked for again', async () => {
  const { ask, says, wait } = aNotary();
  says(peer.name, aKeyAnswer(peer, { validUntil: NOW + DAY_MS }));
  await ask(peer.name);
  says(peer.name, aKeyAnswer(peer, { keyId: 'ed25519:2', validUntil: NOW + DAY_MS }));
  wait(30_000);
  expect(await ask(peer.name, ['ed25519:2'])).toMatchObject([{ verify_keys: { 'ed25519:2': {} } }]);
});

test('of a server that is down the last answer is told, also when it has run out', async () => {
  const { ask, says, wait } = aNotary();
  says(peer.name, aKeyAnswer(peer, { validUntil: NOW + DAY_MS }));
  await ask(peer.name);
  says(peer.name, undefined);
  wait(2 * DAY_MS);
  expect(await ask(peer.name)).toMatchObject([{ server_name: peer.name, valid_until_ts: NOW + DAY_MS }]);
});

test('many questions about one server that is down ask it once', async () => {
  const { ask, fetched } = aNotary();
  await Promise.all(Array.from({ length: 20 }, () => ask(peer.name)));
  expect(fetched).toEqual([peer.name]);
});

test('of many strangers only some are asked a minute', async () => {
  const { ask, fetched, wait } = aNotary();
  for (let number = 0; number < 100; number += 1) await ask(`s${number}.test` as ServerName);
  expect(fetched).toHaveLength(30);
  wait(60_000);
  await ask('later.test' as ServerName);
  expect(fetched).toHaveLength(31);
});

test('a server with an object here is asked through it', async () => {
  const { ask, fetched } = aNotary({
    isRegistered: async () => true,
    askOwner: async () => JSON.stringify(aKeyAnswer(peer, { validUntil: NOW + DAY_MS })),
  });
  expect(await ask(peer.name)).toMatchObject([{ server_name: peer.name }]);
  expect(fetched).toEqual([]);
});

test('an answer does not wait for a server that never answers', async () => {
  const stuck = 'stuck.test' as ServerName;
  const { notary } = aNotary({
    fetchKeys: async (server) =>
      server === stuck
        ? new Promise(() => undefined)
        : { ok: true, value: aKeyAnswer(peer, { validUntil: NOW + DAY_MS }) },
    after: async () => new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve))),
  });
  const wish = { keyIds: [], minimumValidUntil: NOW };
  expect(await notary.answer([{ server: stuck, ...wish }])).toEqual([]);
});
