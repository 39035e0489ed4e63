import { expect, test } from 'vitest';

import { askNotaries } from '../../../src/federation/ask-notaries.ts';
import type { FederationRequest } from '../../../src/federation/client.ts';
import { signJson } from '../../../src/matrix/crypto/signed-json.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { aServer, type TestServer } from '../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../support/worker/a-key-answer.ts';

const peer = aServer('peer.test');
const notary = aServer('notary.test');
const mallory = aServer('mallory.test');
const NOW = 1_800_000_000_000;
const good = aKeyAnswer(peer, { validUntil: NOW + 1_000 });
const by = (signer: TestServer, answer: JsonObject) => signJson(answer, signer.name, signer.signingKey);

function aWorld(
  answers: Readonly<Record<string, unknown>>,
  knows: (request: FederationRequest) => boolean = () => true,
) {
  const asked: FederationRequest[] = [];
  const ask = askNotaries({
    client: {
      request: async (request) => {
        asked.push(request);
        const answer = knows(request) ? answers[request.destination] : [];
        return answer === undefined
          ? { ok: false, reason: { kind: 'timeout', timeoutMs: 1 } }
          : { ok: true, value: { server_keys: answer } as JsonObject };
      },
    },
    notaries: async () => Object.keys(answers) as ServerName[],
    keyFor: async (server, keyId) => {
      const { signingKey, verifyKey } = aServer(server);
      return keyId === signingKey.keyId ? verifyKey : 'unknown';
    },
    now: () => NOW,
  });
  return { ask, asked };
}

test('keys are taken from a notary that signed them', async () => {
  const { ask, asked } = aWorld({ [notary.name]: [by(notary, good)] });
  expect(await ask(peer.name)).toEqual([
    { keyId: peer.signingKey.keyId, publicKey: peer.signingKey.publicKey, validUntil: NOW + 1_000 },
  ]);
  expect(asked).toMatchObject([
    { method: 'POST', target: '/_matrix/key/v2/query', body: { server_keys: { [peer.name]: {} } } },
  ]);
});

test('a notary that has no keys yet is asked for the one that is wanted', async () => {
  const { ask, asked } = aWorld({ [notary.name]: [by(notary, good)] }, ({ body }) => {
    const named = body?.['server_keys'] as Record<string, object> | undefined;
    return Object.keys(named?.[peer.name] ?? {}).length > 0;
  });
  expect(await ask(peer.name)).toEqual([]);
  expect(await ask(peer.name, peer.signingKey.keyId)).toMatchObject([{ keyId: peer.signingKey.keyId }]);
  expect(asked).toHaveLength(3);
});

test.each([
  ['the notary did not sign', [good]],
  ['another server signed', [by(mallory, good)]],
  ['the server itself did not sign', [by(notary, { ...good, signatures: {} })]],
  ['are of another server', [by(notary, aKeyAnswer(mallory, { validUntil: NOW + 1_000 }))]],
  ['are no list', { 0: by(notary, good) }],
  ['are no objects', [1, null, 'x', []]],
])('keys that %s are not taken', async (_what, answers) => {
  const { ask } = aWorld({ [notary.name]: answers });
  expect(await ask(peer.name)).toEqual([]);
});

test('a notary that does not answer keeps another from nothing', async () => {
  const { ask } = aWorld({ 'down.test': undefined, [notary.name]: [by(notary, good)] });
  expect(await ask(peer.name)).toHaveLength(1);
});

test('the keys of a notary come from itself alone', async () => {
  const { ask, asked } = aWorld({ [notary.name]: [], [mallory.name]: [by(mallory, aKeyAnswer(notary))] });
  expect(await ask(notary.name)).toEqual([]);
  expect(asked).toEqual([]);
});
