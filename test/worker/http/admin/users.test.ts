import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, logIn, statusOf } from '../../../support/worker/ask.ts';

const PATH = '/_eyrie/admin/v1/users';
const { DB } = env as unknown as { DB: D1Database };
const of = (userId: string, verb = '') => `${PATH}/${encodeURIComponent(userId)}${verb}`;

test('only administrators manage users', async () => {
  const { token, userId } = await aLoggedInUser();
  const asked = [
    ['GET', PATH],
    ['POST', PATH],
    ['GET', of(userId)],
    ['POST', of(userId, '/password')],
    ['POST', of(userId, '/deactivate')],
    ['PUT', of(userId, '/admin')],
    ['GET', `/_matrix/client/v1/admin/lock/${userId}`],
    ['PUT', `/_matrix/client/v1/admin/suspend/${userId}`],
    // Who is there and who is not is not told.
    ['GET', '/_matrix/client/v1/admin/suspend/@nobody:eyrie.test'],
  ] as const;
  for (const [method, path] of asked) {
    const body = method === 'GET' ? {} : { body: {} };
    expect(`${path} ${(await ask(method, path, { token, ...body })).status}`).toBe(`${path} 403`);
    expect((await ask(method, path, body)).status).toBe(401);
  }
});

test('users are listed page by page and found by a part of their names', async () => {
  const { token } = await anAdministrator();
  const mark = crypto.randomUUID().slice(0, 8);
  for (const letter of ['a', 'b', 'c']) {
    const body = { username: `${letter}-${mark}`, displayname: 'A name' };
    expect((await ask('POST', PATH, { token, body })).status).toBe(200);
  }
  const page = async (query: string) => (await ask('GET', `${PATH}?search=${mark}&${query}`, { token })).body;
  const first = await page('limit=2');
  expect(first).toMatchObject({
    users: [{ user_id: `@a-${mark}:eyrie.test`, has_password: false, admin: false }, {}],
  });
  const second = await page(`limit=2&from=${encodeURIComponent(String(first['next']))}`);
  expect(second).toMatchObject({ users: [{ user_id: `@c-${mark}:eyrie.test` }] });
  expect(second).not.toHaveProperty('next');
  expect((await ask('GET', of(`@nobody-${mark}:eyrie.test`), { token })).status).toBe(404);
  expect((await ask('GET', of('@x:elsewhere.example'), { token })).status).toBe(400);
});

test('an administrator makes a user, sets the password anew, and ends the sessions; the log says who', async () => {
  const admin = await anAdministrator();
  const username = `made-${crypto.randomUUID().slice(0, 8)}`;
  const userId = `@${username}:eyrie.test`;
  const { token } = admin;
  const made = await ask('POST', PATH, { token, body: { username, password: 'first' } });
  expect(made).toMatchObject({ status: 200, body: { user_id: userId } });
  expect(await ask('POST', PATH, { token, body: { username } })).toMatchObject({ body: { errcode: 'M_USER_IN_USE' } });
  const session = String((await logIn(userId, { password: 'first' })).body['access_token']);
  expect(await statusOf(session)).toBe(200);
  const reset = await ask('POST', of(userId, '/password'), { token, body: { new_password: 'second' } });
  expect(reset.status).toBe(200);
  expect(await statusOf(session)).toBe(401);
  expect((await logIn(userId, { password: 'first' })).status).toBe(403);
  expect((await logIn(userId, { password: 'second' })).status).toBe(200);
  expect((await ask('POST', of(userId, '/deactivate'), { token, body: {} })).status).toBe(200);
  expect(await ask('GET', of(userId), { token })).toMatchObject({ body: { deactivated: true, has_password: false } });
  expect((await logIn(userId, { password: 'second' })).status).toBe(403);
  const log = await DB.prepare('select action, detail from audit_log where user_id = ? order by id')
    .bind(admin.userId)
    .all<{ action: string; detail: string }>();
  expect(log.results.map(({ action }) => action)).toEqual([
    'account_created',
    'account_password_reset',
    'account_deactivated',
  ]);
  expect(JSON.stringify(log.results)).not.toMatch(/first|second/);
});

test('a user becomes an administrator, and is none any more, with the sessions that are there', async () => {
  const [admin, user] = [await anAdministrator(), await aLoggedInUser()];
  const make = (value: boolean, who = user.userId) =>
    ask('PUT', of(who, '/admin'), { token: admin.token, body: { admin: value } });
  expect((await make(true)).status).toBe(200);
  expect((await ask('GET', PATH, { token: user.token })).status).toBe(200);
  expect((await make(false)).status).toBe(200);
  expect((await ask('GET', PATH, { token: user.token })).status).toBe(403);
  const { body } = await logIn(user.userId);
  expect((await ask('GET', PATH, { token: String(body['access_token']) })).status).toBe(403);
  expect((await make(false, admin.userId)).status).toBe(403);
});
