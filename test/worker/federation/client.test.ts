import { afterEach, expect, test, vi } from 'vitest';

import { createFederationClient, type FederationClientOptions } from '../../../src/federation/client.ts';
import type { Discovery } from '../../../src/federation/discovery.ts';
import { parseXMatrix, verifyXMatrix } from '../../../src/matrix/crypto/x-matrix.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { aServer } from '../../support/core/test-keys.ts';
import { stubFetch } from '../../support/worker/stub-fetch.ts';

const us = aServer('us.test');
const peer = 'peer.test' as ServerName;
const target = '/_matrix/federation/v1/version';
const url = `https://peer.test:8448${target}`;

function aClient(options: Partial<FederationClientOptions> = {}) {
  const peers = stubFetch();
  const doubted: string[] = [];
  const discovery: Discovery = {
    resolve: async () => ({
      ok: true,
      value: {
        authority: 'peer.test:8448',
        step: 'fallback-port',
        delegatedTo: undefined,
        wellKnownError: undefined,
      },
    }),
    doubt: (server) => doubted.push(server),
  };
  const client = createFederationClient({
    serverName: us.name,
    fetch: peers.fetch,
    discovery,
    signingKey: async () => us.signingKey,
    policy: async () => ({ enabled: true, allowList: [] }),
    ...options,
  });
  return { client, peers, doubted };
}

afterEach(() => {
  vi.useRealTimers();
});

const get = { destination: peer, method: 'GET', target } as const;

test('a request is signed over method, target, names and body', async () => {
  const { client, peers } = aClient();
  peers.answer(url, Response.json({}));
  const signed = '/_matrix/federation/v1/version?a=%21';
  await client.request({ destination: peer, method: 'PUT', target: signed, body: { b: 1, a: 'é' } });
  const [sent] = peers.sent;
  if (sent?.body === undefined) throw new Error('nothing was sent');
  expect(sent.url).toBe(`${url}?a=%21`);
  const header = parseXMatrix(sent.headers.get('authorization') ?? '');
  if (!header.ok) throw new Error(header.reason);
  const content = parseJson(sent.body);
  if (!content.ok) throw new Error('not JSON');
  expect(header.value.destination).toBe(peer);
  const request = { method: 'PUT', uri: signed, origin: us.name, destination: peer, content: content.value };
  expect(verifyXMatrix(request, header.value.signature, us.verifyKey)).toBe(true);
});

test('numbers of an answer are kept as they were written', async () => {
  const { client, peers } = aClient();
  peers.answer(url, new Response('{"depth": 1.0}'));
  expect(await client.request(get)).toEqual({ ok: true, value: { depth: new SourceNumber('1.0') } });
});

test.each([
  ['a refused connection', new Error('connection refused'), { kind: 'unreachable', reason: 'connection refused' }],
  ['a hang', 'hang' as const, { kind: 'timeout', timeoutMs: 50 }],
  ['no JSON', new Response('<html>'), { kind: 'garbage', reason: 'the answer is not JSON' }],
  [
    'no UTF-8',
    new Response(new Uint8Array([0x22, 0xff, 0x22])),
    { kind: 'garbage', reason: 'the answer is not UTF-8' },
  ],
  ['a list', Response.json([]), { kind: 'garbage', reason: 'the answer is not a JSON object' }],
  ['too much', new Response('x'.repeat(2000)), { kind: 'garbage', reason: 'the answer has more than 1000 bytes' }],
  [
    'a refusal',
    Response.json({ errcode: 'M_FORBIDDEN', error: 'no' }, { status: 403 }),
    { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'no', retryAfterMs: undefined },
  ],
  [
    'a limit',
    Response.json({ errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 1500 }, { status: 429 }),
    { kind: 'refused', status: 429, errcode: 'M_LIMIT_EXCEEDED', error: undefined, retryAfterMs: 1500 },
  ],
  [
    'an error page',
    new Response('<html>', { status: 502, headers: { 'retry-after': '3' } }),
    { kind: 'refused', status: 502, errcode: undefined, error: undefined, retryAfterMs: 3000 },
  ],
  [
    'a redirect, which is not followed',
    new Response(null, { status: 302, headers: { location: 'https://elsewhere.test/' } }),
    { kind: 'refused', status: 302, errcode: undefined, error: undefined, retryAfterMs: undefined },
  ],
])('%s is told apart', async (_what, answer, reason) => {
  const { client, peers } = aClient();
  peers.answer(url, answer);
  expect(await client.request({ ...get, timeoutMs: 50, maxBytes: 1000 })).toEqual({ ok: false, reason });
  expect(peers.sent).toHaveLength(1);
});

test('a body that stops halfway is a time-out', async () => {
  const { client, peers } = aClient();
  peers.answer(url, () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    void writable.getWriter().write(new TextEncoder().encode('{'));
    return { status: 200, body: readable, clone: () => ({ status: 200, body: readable }) } as unknown as Response;
  });
  expect(await client.request({ ...get, timeoutMs: 50 })).toMatchObject({ ok: false, reason: { kind: 'timeout' } });
});

test('a body that drips for longer than it may take in all is a time-out, though no piece is late', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  let given = 0;
  const dripping = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await vi.advanceTimersByTimeAsync(50_000);
        given += 1;
        if (given > 20) controller.close();
        else controller.enqueue(new Uint8Array(1));
      },
    },
    { highWaterMark: 0 },
  );
  const { client, peers } = aClient();
  const response = { status: 200, body: dripping, headers: new Headers() };
  peers.answer(url, () => ({ ...response, clone: () => response }) as unknown as Response);
  let pieces = 0;
  const answer = await client.requestStream({ ...get, streamMs: 480_000 }, async (chunks) => {
    for await (const chunk of chunks) pieces += chunk.length;
    return { ok: true, value: undefined };
  });
  expect(answer).toMatchObject({ ok: false, reason: { kind: 'timeout' } });
  expect(pieces).toBe(9);
});

test('an endless body is not read to its end', async () => {
  let chunks = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks += 1;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  const { client, peers } = aClient();
  const response = { status: 200, body: endless };
  peers.answer(url, () => ({ ...response, clone: () => response }) as unknown as Response);
  expect(await client.request(get)).toMatchObject({ ok: false, reason: { kind: 'garbage' } });
  expect(chunks).toBeLessThan(200);
});

test.each([
  ['federation is off', { enabled: false, allowList: [] }],
  ['the server is not in the allow list', { enabled: true, allowList: ['other.test', '*.peer.test', 'r.test'] }],
])('nothing is sent where %s', async (_what, policy) => {
  const { client, peers } = aClient({ policy: async () => policy });
  expect(await client.request(get)).toMatchObject({ ok: false, reason: { kind: 'denied' } });
  expect(peers.sent).toEqual([]);
});

test('a server of the allow list is asked', async () => {
  const { client, peers } = aClient({ policy: async () => ({ enabled: true, allowList: ['*.example', 'PEER.test'] }) });
  peers.answer(url, Response.json({}));
  expect(await client.request(get)).toMatchObject({ ok: true });
});

test('we never ask ourselves', async () => {
  const { client, peers } = aClient();
  expect(await client.request({ ...get, destination: us.name })).toMatchObject({ reason: { kind: 'unreachable' } });
  expect(peers.sent).toEqual([]);
});

test('a server that does not answer is looked up anew, one that refuses is not', async () => {
  const { client, peers, doubted } = aClient();
  peers.answer(url, Response.json({}, { status: 500 }));
  await client.request(get);
  expect(doubted).toEqual([]);
  peers.answer(url, new Error('connection refused'));
  await client.request(get);
  expect(doubted).toEqual([peer]);
});
