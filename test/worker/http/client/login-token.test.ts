import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, PASSWORD, type TestUser } from '../../../support/worker/ask.ts';

const { DB } = env as unknown as { DB: D1Database };
const GET_TOKEN = '/_matrix/client/v1/login/get_token';

const proof = ({ userId }: TestUser) => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: userId },
  password: PASSWORD,
});

async function aLoginToken(user: TestUser): Promise<string> {
  const made = await ask('POST', GET_TOKEN, { token: user.token, body: { auth: proof(user) } });
  expect(made).toMatchObject({ status: 200, body: { expires_in_ms: 120_000 } });
  return String(made.body['login_token']);
}

const logInWith = (token: unknown) =>
  ask('POST', '/_matrix/client/v3/login', { body: { type: 'm.login.token', token } });

test('a client that is logged in lets another one in, after the password was given', async () => {
  const user = await aLoggedInUser();
  expect(await ask('POST', GET_TOKEN, { token: user.token, body: {} })).toMatchObject({
    status: 401,
    body: { flows: [{ stages: ['m.login.password'] }] },
  });
  const session = await logInWith(await aLoginToken(user));
  expect(session).toMatchObject({ status: 200, body: { user_id: user.userId } });
  expect(session.body['device_id']).not.toBe(user.deviceId);
});

test('clients are told that there are login tokens', async () => {
  const user = await aLoggedInUser();
  const flows = (await ask('GET', '/_matrix/client/v3/login')).body['flows'];
  expect(flows).toEqual([
    { type: 'm.login.password' },
    { type: 'm.login.application_service' },
    { type: 'm.login.token', get_login_token: true },
  ]);
  const { body } = await ask('GET', '/_matrix/client/v3/capabilities', { token: user.token });
  expect(body['capabilities']).toMatchObject({ 'm.get_login_token': { enabled: true } });
});

test('a login token that ran out, or of somebody who is gone, lets nobody in', async () => {
  const [user, admin] = [await aLoggedInUser(), await anAdministrator()];
  const late = await aLoginToken(user);
  await DB.prepare(`update grants set expires_ts = 1 where user_id = ?`).bind(user.userId).run();
  expect(await logInWith(late)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const orphan = await aLoginToken(user);
  const path = `/_eyrie/admin/v1/users/${encodeURIComponent(user.userId)}/deactivate`;
  expect((await ask('POST', path, { token: admin.token, body: {} })).status).toBe(200);
  expect(await logInWith(orphan)).toMatchObject({ status: 403, body: { errcode: 'M_USER_DEACTIVATED' } });
});
