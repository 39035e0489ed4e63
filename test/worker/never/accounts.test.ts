// What must never happen to accounts and sessions (numbers as in the list of an earlier server's faults).
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, ask, logIn, PASSWORD, type TestUser } from '../../support/worker/ask.ts';

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
});

test('never 8: a login token is stored so that who reads the store can use it', async () => {
  const user = await aLoggedInUser();
  const made = await ask('POST', '/_matrix/client/v1/login/get_token', {
    token: user.token,
    body: { auth: proof(user) },
  });
  const rows = await DB.prepare('select * from grants where user_id = ?').bind(user.userId).all();
  expect(rows.results).toHaveLength(1);
  expect(JSON.stringify(rows.results)).not.toContain(String(made.body['login_token']).slice(4));
});
