// What must never happen to accounts and sessions (numbers as in the list of an earlier server's faults).
import { env } from 'cloudflare:workers';
import { expect, test, vi } from 'vitest';

import { createApp } from '../../../src/app.ts';
import type { Env } from '../../../src/config.ts';
import { aLoggedInUser, ask, logIn, PASSWORD, statusOf, type TestUser } from '../../support/worker/ask.ts';
import { aCode, answerOf, aRequest, CLIENT, post, register, TestBrowser } from '../../support/worker/oauth.ts';

const { DB } = env as unknown as { DB: D1Database };
const v3 = '/_matrix/client/v3';

const proof = ({ userId }: TestUser, password: unknown = PASSWORD) => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: userId },
  password,
});

test('never 1: a login gives a token without a proof', async () => {
  const { userId } = await aLoggedInUser();
  const who = { identifier: { type: 'm.id.user', user: userId }, user: userId };
  const types = [
    'm.login.password',
    'm.login.token',
    'm.login.dummy',
    'm.login.sso',
    'm.login.application_service',
    'org.matrix.login.jwt',
    '',
  ];
  for (const type of types) {
    for (const secret of [
      {},
      { token: '' },
      { token: 'eyl_' },
      { token: userId },
      { password: '' },
      { auth: { type } },
    ]) {
      const { status, body } = await ask('POST', `${v3}/login`, { body: { ...who, type, ...secret } });
      // 401: an application service has to show its token first.
      expect(status).toBe(type === 'm.login.application_service' ? 401 : status === 403 ? 403 : 400);
      expect(body).not.toHaveProperty('access_token');
    }
  }
  const { flows } = (await ask('GET', `${v3}/login`)).body as { flows: { type: string }[] };
  expect(flows.map(({ type }) => type)).toEqual(['m.login.password', 'm.login.application_service', 'm.login.token']);
});

test('never 2: what has to be confirmed passes by a type, a session or a stage of something else', async () => {
  const [user, mallory] = [await aLoggedInUser(), await aLoggedInUser()];
  const { token, deviceId, userId } = user;
  const operations: readonly (readonly [string, string, object])[] = [
    ['DELETE', `${v3}/devices/${deviceId}`, {}],
    ['POST', `${v3}/delete_devices`, { devices: [deviceId] }],
    ['POST', `${v3}/account/password`, { new_password: 'x' }],
    ['POST', `${v3}/account/deactivate`, {}],
    ['POST', '/_matrix/client/v1/login/get_token', {}],
  ];
  for (const [method, path, body] of operations) {
    const first = await ask('POST', `${v3}/delete_devices`, { token, body: { devices: ['x'] } });
    const { session } = first.body;
    const proofs: readonly unknown[] = [
      undefined,
      {},
      { session },
      { type: 'org.example.none' },
      { type: 'm.login.dummy', session },
      { type: 'm.login.password', session },
      proof(user, 'wrong'),
      proof(mallory),
      { type: 'm.login.token', token },
      { type: 'm.oauth', session },
    ];
    for (const auth of proofs) {
      const { status } = await ask(method, path, { token, body: { ...body, ...(auth === undefined ? {} : { auth }) } });
      expect(`${path} ${JSON.stringify(auth)} ${status}`).toMatch(/ (401|403)$/);
    }
  }
  expect(await statusOf(token)).toBe(200);
  expect((await logIn(userId)).status).toBe(200);
});

test('never 4: an account elsewhere is taken for one here', async () => {
  // There are none: whoever comes by another way than a proof of this server is not let in.
  for (const path of ['/login/sso/redirect', '/login/sso/redirect/idp', '/login/cas/ticket']) {
    expect((await ask('GET', `${v3}${path}?redirectUrl=https://a.example`)).status).toBe(404);
  }
});

test('never 5: a user acts as another one by naming them', async () => {
  const [user, other] = [await aLoggedInUser(), await aLoggedInUser()];
  for (const named of [other.userId, '@x:elsewhere.example']) {
    const { body } = await ask('GET', `${v3}/account/whoami?user_id=${encodeURIComponent(named)}`, {
      token: user.token,
    });
    expect(body['user_id']).toBe(user.userId);
  }
});

test('never 6: a forged or expired token is good, or a code without its verifier', async () => {
  const { userId, token } = await aLoggedInUser();
  const [head = '', shard = '', secret = ''] = token.split('_');
  for (const forged of [
    `${head}_${shard}_${'A'.repeat(secret.length)}`,
    `${head}_u9999_${secret}`,
    `${token}x`,
    'x',
    userId,
  ]) {
    expect(await statusOf(forged)).toBe(401);
  }
  const { body } = await logIn(userId, { refresh_token: true });
  // A refresh token is no access token, nor is a code.
  expect(await statusOf(String(body['refresh_token']))).toBe(401);
  const clientId = String((await register()).body['client_id']);
  const { code, redeem } = await aCode(userId, clientId);
  expect(await statusOf(code)).toBe(401);
  expect((await redeem({ code_verifier: '' })).status).toBe(400);
  for (const method of ['plain', '']) {
    const { path } = aRequest(clientId, { code_challenge_method: method });
    expect(answerOf(await new TestBrowser().get(path)).get('error')).toBe('invalid_request');
  }
});

test('never 7: what is exchanged once is exchanged twice', async () => {
  const user = await aLoggedInUser();
  const made = await ask('POST', '/_matrix/client/v1/login/get_token', {
    token: user.token,
    body: { auth: proof(user) },
  });
  const body = { type: 'm.login.token', token: made.body['login_token'] };
  const logins = await Promise.all(Array.from({ length: 50 }, () => ask('POST', `${v3}/login`, { body })));
  expect(logins.filter(({ status }) => status === 200)).toHaveLength(1);
  const { body: session } = await logIn(user.userId, { refresh_token: true });
  const refreshes = await Promise.all(
    Array.from({ length: 50 }, () =>
      ask('POST', `${v3}/refresh`, { body: { refresh_token: session['refresh_token'] } }),
    ),
  );
  expect(refreshes.filter(({ status }) => status === 200)).toHaveLength(1);
  const { redeem } = await aCode(user.userId, String((await register()).body['client_id']));
  const redeemed = await Promise.all(Array.from({ length: 50 }, () => redeem()));
  expect(redeemed.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('never 8: a secret is in the log, or stored so that who reads the store can use it', async () => {
  const logged: string[] = [];
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...words: unknown[]) => void logged.push(JSON.stringify(words))),
  );
  const user = await aLoggedInUser();
  const clientId = String((await register()).body['client_id']);
  const made = await ask('POST', '/_matrix/client/v1/login/get_token', {
    token: user.token,
    body: { auth: proof(user) },
  });
  const { code } = await aCode(user.userId, clientId);
  const device = await post('/_eyrie/oauth/device', {
    client_id: clientId,
    scope: aRequest(clientId).params['scope'] ?? '',
  });
  await logIn(user.userId, { password: 'a wrong password' });
  for (const spy of spies) spy.mockRestore();
  const tables = ['grants', 'oauth_clients', 'accounts', 'audit_log', 'settings'];
  const stored = await Promise.all(
    tables.map(async (table) => (await DB.prepare(`select * from ${table}`).all()).results),
  );
  const told = JSON.stringify(stored) + logged.join();
  const secrets = [
    made.body['login_token'],
    code,
    device.body['device_code'],
    device.body['user_code'],
    user.token,
    PASSWORD,
  ];
  for (const secret of [...secrets.map(String), 'a wrong password']) expect(told).not.toContain(secret);
});

test('never 9: what somebody wrote runs on a page of ours', async () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;
  const { userId } = await aLoggedInUser();
  const clientId = String((await register({ ...CLIENT, client_name: evil })).body['client_id']);
  const request = aRequest(clientId);
  const browser = new TestBrowser();
  const asked = encodeURIComponent(evil);
  const pages = [
    await browser.signIn(`${request.path}&x=${asked}`, evil, evil),
    await browser.signIn(request.path, userId),
    await browser.get(`${request.path}&x=${asked}`),
    await browser.get(`/link?user_code=${asked}`),
    await browser.get(`/_eyrie/account?device_id=${asked}&action=${asked}`),
    await browser.get(`/_eyrie/oauth/authorize?client_id=${asked}&redirect_uri=${asked}&state=${asked}`),
  ];
  for (const { text, headers } of pages.filter(({ status }) => status !== 303)) {
    expect(text).not.toMatch(/<script|<img/);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^ ]+'; form-action /,
    );
    expect(headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect((await register({ ...CLIENT, policy_uri: 'javascript:alert(1)' })).status).toBe(400);
});

test.each([
  ['POST', '/_eyrie/oauth/register'],
  ['POST', '/_eyrie/oauth/token'],
  ['POST', '/_eyrie/oauth/revoke'],
  ['POST', '/_eyrie/oauth/device'],
  ['POST', '/_eyrie/oauth/authorize'],
  ['GET', '/_eyrie/oauth/authorize'],
  ['POST', '/link'],
  ['POST', '/_eyrie/account'],
  ['POST', `${v3}/login`],
  ['POST', `${v3}/refresh`],
  ['POST', '/_synapse/admin/v1/register'],
])('never 10: somebody asks %s %s as often as they like', async (method, path) => {
  const app = createApp({ ...(env as unknown as Env), EYRIE_RATE_LIMITS: 'on' });
  const burst = await Promise.all(
    Array.from({ length: 130 }, async (_, at) =>
      // Another way to write the path is the same path.
      app.request(`https://eyrie.test${path}${at % 2 === 0 ? '' : `?x=${at}`}`, {
        method,
        ...(method === 'GET' ? {} : { body: '{}' }),
      }),
    ),
  );
  expect(burst.map(({ status }) => status)).toContain(429);
});
