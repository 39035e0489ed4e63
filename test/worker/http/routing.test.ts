import { exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, ask as askAs } from '../../support/worker/ask.ts';

const worker = exports as unknown as { default: Fetcher };
const ask = (path: string, init?: RequestInit) => worker.default.fetch(`https://eyrie.test${path}`, init);

test('an unknown path is 404 M_UNRECOGNIZED', async () => {
  const response = await ask('/_matrix/client/v3/nothing');
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ errcode: 'M_UNRECOGNIZED' });
});

test('a known path with a wrong method is 405 M_UNRECOGNIZED', async () => {
  const response = await ask('/_matrix/client/versions', { method: 'DELETE' });
  expect(response.status).toBe(405);
  expect(await response.json()).toMatchObject({ errcode: 'M_UNRECOGNIZED' });
});

test('versions lists what the specification knows', async () => {
  const response = await ask('/_matrix/client/versions');
  expect(response.status).toBe(200);
  const { versions, unstable_features: features } = await response.json<{
    versions: string[];
    unstable_features: Record<string, boolean>;
  }>();
  // Of 1.11 are authenticated media, without which web clients show no pictures here.
  expect(versions).toEqual(expect.arrayContaining(['v1.1', 'v1.11', 'v1.19']));
  expect(features).toMatchObject({ 'org.matrix.simplified_msc3575': true });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
});

test.each(['/_matrix/client/v3/account/whoami', '/_matrix/client/v3/nothing', '/_matrix/client/v3/profile/nobody'])(
  'web pages may read the refusal of %s',
  async (path) => {
    const response = await ask(path);
    expect(response.status).toBeGreaterThanOrEqual(400);
    await response.body?.cancel();
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  },
);

test('a refusal quotes no more of the request than anybody reads', async () => {
  const { token } = await aLoggedInUser('quoted');
  const body = { device_keys: { [`@${'x'.repeat(70_000)}:eyrie.test`]: 5 } };
  const { status, body: refusal } = await askAs('POST', '/_matrix/client/v3/keys/query', { token, body });
  expect(status).toBe(400);
  expect(String(refusal['error']).length).toBeLessThanOrEqual(1_000);
});
