import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import operations from '../../../fixtures/federation-operations.json';
import { createApp } from '../../../../src/app.ts';
import { readConfig, type Env } from '../../../../src/config.ts';
import { buildXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import type { ServerName } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';

const bindings = env as unknown as Env;
const worker = exports as unknown as { default: Fetcher };
const { serverName } = readConfig(bindings);

/** What the specification opens to everybody under these prefixes. */
const OPEN = new Set([
  ...operations.filter(({ signed }) => !signed).map(({ method, path }) => `${method} ${path}`),
  // What identity servers send in place of PUT.
  'POST /_matrix/federation/v1/3pid/onbind',
]);

/** Operations that no table of the specification holds and that peers call all the same. */
const REMOVED = [
  { method: 'POST', path: '/_matrix/federation/v1/3pid/onbind' },
  { method: 'PUT', path: '/_matrix/federation/v1/send_join/{roomId}/{eventId}' },
  { method: 'PUT', path: '/_matrix/federation/v1/send_leave/{roomId}/{eventId}' },
];

const inBraces = (path: string) => path.replaceAll(/:([A-Za-z]+)(?:\{[^}]*\})?/g, '{$1}');
const shape = (path: string) => path.replaceAll(/\{[^}]*\}/g, '{}');

const served = createApp(bindings)
  .routes.filter(({ method, path }) => method !== 'ALL' && /^\/_matrix\/(?:federation|key|policy)\//.test(path))
  .map(({ method, path }) => ({ method, path: inBraces(path) }));
const protectedRoutes = [...new Map(served.map((route) => [`${route.method} ${route.path}`, route])).values()].filter(
  ({ method, path }) => !OPEN.has(`${method} ${path}`),
);

/** A server with its keys; `expired` publishes one that has run out. */
const peer = aServer('signer.peer.example:443');
const expired = aServer('expired.peer.example:443');

beforeEach(() => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const { host } = new URL(input as string);
    if (host.startsWith('signer.')) return Response.json(aKeyAnswer(peer));
    if (host.startsWith('expired.')) return Response.json(aKeyAnswer(expired, { validUntil: Date.now() - 60_000 }));
    throw new Error('connection refused');
  });
});
afterEach(() => vi.restoreAllMocks());

interface Attempt {
  readonly signer?: typeof peer;
  readonly destination?: ServerName;
  readonly signedUri?: string;
}

function ask({ method, path }: { method: string; path: string }, attempt?: Attempt): Promise<Response> {
  const target = path.replaceAll(/\{[^}]*\}/g, 'x');
  const content = method === 'GET' ? undefined : {};
  const { signer = peer, destination = serverName, signedUri = target } = attempt ?? {};
  const header = buildXMatrix({ method, uri: signedUri, origin: signer.name, destination, content }, signer.signingKey);
  return worker.default.fetch(`https://us.test${target}`, {
    method,
    ...(content === undefined ? {} : { body: '{}' }),
    headers: attempt === undefined ? {} : { authorization: header },
  });
}

const attempts: [string, Attempt | undefined][] = [
  ['no header', undefined],
  ['a key that has run out', { signer: expired }],
  ['a foreign destination', { destination: 'else.test' as ServerName }],
  ['a wrong signature', { signedUri: '/_matrix/federation/v1/other' }],
];

test('some routes are served', () => {
  expect(protectedRoutes.length).toBeGreaterThan(0);
});

test.each(protectedRoutes)('$method $path is an operation of the specification', ({ method, path }) => {
  const known = [...operations, ...REMOVED].map((operation) => `${operation.method} ${shape(operation.path)}`);
  expect(known).toContain(`${method} ${shape(path)}`);
});

describe.each(protectedRoutes)('never 11: $method $path served to who is no server', (route) => {
  test.each(attempts)('with %s is 401 M_UNAUTHORIZED', async (_what, attempt) => {
    const response = await ask(route, attempt);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errcode: 'M_UNAUTHORIZED' });
  });

  test('with a good signature is let in', async () => {
    const response = await ask(route, {});
    await response.body?.cancel();
    expect(response.status).not.toBe(401);
  });
});

test.each(served.filter(({ method, path }) => OPEN.has(`${method} ${path}`)))(
  '$method $path is open to everybody',
  async (route) => {
    const response = await ask(route);
    await response.body?.cancel();
    expect(response.status).not.toBe(401);
  },
);
