import { Hono } from 'hono';
import { expect, test } from 'vitest';

import type { KeyRing } from '../../../../src/federation/key-ring.ts';
import type { FederationPolicy } from '../../../../src/federation/policy.ts';
import { createRequestVerifier } from '../../../../src/federation/verify-request.ts';
import { createLimits } from '../../../../src/http/middleware/rate-limit.ts';
import { requireServer } from '../../../../src/http/middleware/require-server.ts';
import { buildXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import { MatrixError } from '../../../../src/matrix/error.ts';
import type { ServerName } from '../../../../src/matrix/ids/brands.ts';
import type { JsonValue } from '../../../../src/matrix/json/json-value.ts';
import { aServer } from '../../../support/core/test-keys.ts';

const us = aServer('us.test');
const peer = aServer('peer.test');
const other = aServer('other.test');
const path = '/_matrix/federation/v1/send/1';

function anApp(options: { policy?: Partial<FederationPolicy>; key?: Awaited<ReturnType<KeyRing['keyFor']>> } = {}) {
  const asked: string[] = [];
  const verified: ServerName[] = [];
  const verifier = createRequestVerifier({
    serverName: us.name,
    keys: {
      keyFor: async (server, keyId) => {
        asked.push(`${server} ${keyId}`);
        return options.key ?? (server === other.name ? other.verifyKey : peer.verifyKey);
      },
    },
    policy: async () => ({ enabled: true, allowList: [], ...options.policy }),
    now: () => 1,
  });
  const time = { now: 0 };
  const limits = createLimits({
    enabled: true,
    address: () => undefined,
    now: () => time.now,
    isExempt: async () => false,
  });
  const app = new Hono()
    .all(
      '/_matrix/*',
      requireServer({ verifier, onVerified: (origin) => void verified.push(origin), limit: limits.origin }),
      (c) => c.json({ ...c.var.requester, body: (c.var.body ?? 'none') as string }),
    )
    .onError((error, c) =>
      error instanceof MatrixError ? c.json({ errcode: error.errcode }, error.status as 400) : c.text('', 500),
    );
  return { app, asked, verified, time };
}

interface Signed {
  readonly uri?: string;
  readonly destination?: ServerName;
  readonly content?: JsonValue;
  readonly method?: string;
}

const header = ({ uri = path, destination = us.name, content, method = 'PUT' }: Signed = {}, signer = peer) =>
  buildXMatrix({ method, uri, origin: signer.name, destination, content }, signer.signingKey);

const put = (authorization: string, body = '{"pdus":[]}', target = path) =>
  new Request(`https://us.test${target}`, { method: 'PUT', body, headers: { authorization } });

const signedPut = header({ content: { pdus: [] } });

test('a signed request comes in with its origin and body', async () => {
  const { app, verified } = anApp();
  const response = await app.request(put(signedPut));
  expect(await response.json()).toEqual({ origin: peer.name, body: { pdus: [] } });
  expect(verified).toEqual([peer.name]);
});

test('a request without a body is signed without content', async () => {
  const authorization = header({ method: 'GET' });
  const response = await anApp().app.request(`https://us.test${path}`, { headers: { authorization } });
  expect(await response.json()).toEqual({ origin: peer.name, body: 'none' });
});

test('a body with unknown keys is verified as it was sent', async () => {
  const content = { pdus: [], hashes: { sha256: 'x' }, signatures: { 'peer.test': {} } };
  const response = await anApp().app.request(put(header({ content }), JSON.stringify(content)));
  expect(response.status).toBe(200);
});

test('the target is verified as it stands in the request', async () => {
  for (const uri of [`${path}/!room:host/@user:host?v=$a%24&v=%2F`, `${path}/%21room%3Ahost`]) {
    const response = await anApp().app.request(put(header({ uri, content: {} }), '{}', uri));
    expect(response.status).toBe(200);
  }
});

test('an apostrophe that the platform encoded is read as one', async () => {
  const content = {};
  const authorization = header({ uri: `${path}?a='b'`, content });
  expect((await anApp().app.request(put(authorization, '{}', `${path}?a=%27b%27`))).status).toBe(200);
});

test('an old server may leave out the destination that it signed', async () => {
  const authorization = signedPut.replace(`destination="${us.name}",`, '');
  expect((await anApp().app.request(put(authorization))).status).toBe(200);
});

test.each([
  ['no header', '', '{"pdus":[]}'],
  ['another scheme', 'Bearer abc', '{"pdus":[]}'],
  ['another body', signedPut, '{"pdus":[1]}'],
  ['another target', header({ uri: '/_matrix/federation/v1/send/2', content: { pdus: [] } }), '{"pdus":[]}'],
  ['another method', header({ method: 'POST', content: { pdus: [] } }), '{"pdus":[]}'],
  ['another destination', header({ destination: peer.name, content: { pdus: [] } }), '{"pdus":[]}'],
  [
    'a hidden destination that is another',
    header({ destination: 'them.test' as ServerName, content: { pdus: [] } }).replace('destination="them.test",', ''),
    '{"pdus":[]}',
  ],
  ['our own name', signedPut.replace(`origin="${peer.name}"`, `origin="${us.name}"`), '{"pdus":[]}'],
])('%s is 401 M_UNAUTHORIZED', async (_what, authorization, body) => {
  const { app, verified } = anApp();
  const response = await app.request(put(authorization, body));
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ errcode: 'M_UNAUTHORIZED' });
  expect(verified).toEqual([]);
});

test.each(['unknown', 'unavailable'] as const)('a key that is %s lets nobody in', async (key) => {
  expect((await anApp({ key }).app.request(put(signedPut))).status).toBe(401);
});

test.each([
  ['federation is off', { enabled: false }],
  ['the origin is not in the allow list', { allowList: ['else.test'] }],
])('where %s the answer is 403 and no key is asked for', async (_what, policy) => {
  const { app, asked } = anApp({ policy });
  const response = await app.request(put(signedPut));
  expect(response.status).toBe(403);
  expect(await response.json()).toEqual({ errcode: 'M_FORBIDDEN' });
  expect(asked).toEqual([]);
});

test('a stranger without a header costs no key and no reading of the body', async () => {
  const { app, asked } = anApp();
  await app.request(put('', 'x'.repeat(1000)));
  expect(asked).toEqual([]);
});

test('a body that is too large is refused before the key is asked for', async () => {
  const { app, asked } = anApp();
  expect((await app.request(put(signedPut, `"${'x'.repeat(11 * 1024 * 1024)}"`))).status).toBe(413);
  expect(asked).toEqual([]);
});

test('a body that is no JSON is 400 M_NOT_JSON', async () => {
  const response = await anApp().app.request(put(signedPut, '{'));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ errcode: 'M_NOT_JSON' });
});

test('a server that asks too much is told to wait, others are not', async () => {
  const { app, time } = anApp();
  const statusOf = async (authorization: string) => (await app.request(put(authorization))).status;
  for (let number = 0; number < 1_000; number += 1) expect(await statusOf(signedPut)).toBe(200);
  const refused = await app.request(put(signedPut));
  expect(refused.status).toBe(429);
  expect(await refused.json()).toEqual({ errcode: 'M_LIMIT_EXCEEDED' });
  expect(await statusOf(header({ content: { pdus: [] } }, other))).toBe(200);
  time.now += 1_000;
  expect(await statusOf(signedPut)).toBe(200);
});

test('what somebody signs wrongly in the name of a server is not counted as its request', async () => {
  const { app } = anApp();
  const forged = header({ content: { pdus: [1] } });
  for (let number = 0; number < 1_100; number += 1) expect((await app.request(put(forged))).status).toBe(401);
  expect((await app.request(put(signedPut))).status).toBe(200);
});
