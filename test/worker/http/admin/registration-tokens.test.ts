import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, askWith } from '../../../support/worker/ask.ts';

const PATH = '/_eyrie/admin/v1/registration-tokens';
const VALIDITY = '/_matrix/client/v1/register/m.login.registration_token/validity';
const { DB } = env as unknown as { DB: D1Database };

/** A deployment where only who has a token registers. */
const byToken = askWith({ EYRIE_REGISTRATION: 'token' });

const register = (token: string) =>
  byToken('POST', '/_matrix/client/v3/register', {
    body: {
      username: `t${crypto.randomUUID().slice(0, 8)}`,
      password: 'x',
      auth: { type: 'm.login.registration_token', token },
    },
  });

const listed = async (token: string) =>
  (await ask('GET', PATH, { token })).body['registration_tokens'] as { token: string }[];

test('only administrators manage tokens', async () => {
  const { token } = await aLoggedInUser();
  expect(await ask('GET', PATH)).toMatchObject({ status: 401 });
  expect(await ask('GET', PATH, { token })).toMatchObject({ status: 403 });
  expect(await ask('POST', PATH, { token, body: {} })).toMatchObject({ status: 403 });
  expect(await ask('DELETE', `${PATH}/a`, { token })).toMatchObject({ status: 403 });
});

test('a made-up token lets one account be made per use, is listed with its count, and the log holds none', async () => {
  const { token, userId } = await anAdministrator();
  const made = await ask('POST', PATH, { token, body: { uses_allowed: 1 } });
  expect(made).toMatchObject({ status: 200, body: { uses_allowed: 1, completed: 0, expires_ts: null } });
  const key = String(made.body['token']);
  expect(key).toMatch(/^[A-Za-z0-9]{24}$/);
  expect((await byToken('GET', `${VALIDITY}?token=${key}`)).body).toEqual({ valid: true });
  expect((await register(key)).status).toBe(200);
  expect((await register(key)).status).toBe(401);
  expect((await byToken('GET', `${VALIDITY}?token=${key}`)).body).toEqual({ valid: false });
  expect(await listed(token)).toContainEqual({ token: key, uses_allowed: 1, completed: 1, expires_ts: null });
  const log = await DB.prepare('select action, detail from audit_log where user_id = ?').bind(userId).all();
  expect(log.results).toEqual([{ action: 'registration_token_made', detail: '{}' }]);
});

test('a token that was removed or has run out lets nobody in', async () => {
  const { token } = await anAdministrator();
  const [removed, late] = [`r-${crypto.randomUUID()}`, `l-${crypto.randomUUID()}`];
  const expires = Date.now() + 3_600_000;
  for (const key of [removed, late]) {
    expect(await ask('POST', PATH, { token, body: { token: key, expires_ts: expires } })).toMatchObject({
      body: { token: key, uses_allowed: null, expires_ts: expires },
    });
    expect((await register(key)).status).toBe(200);
  }
  expect((await ask('DELETE', `${PATH}/${removed}`, { token })).status).toBe(200);
  expect(await ask('DELETE', `${PATH}/${removed}`, { token })).toMatchObject({ status: 404 });
  await DB.prepare('update registration_tokens set expires_ts = 1 where token = ?').bind(late).run();
  expect((await register(removed)).status).toBe(401);
  expect((await register(late)).status).toBe(401);
});

test.each([
  ['a character that tokens do not have', { token: 'a b' }],
  ['a name that is too long', { token: 'a'.repeat(65) }],
  ['no uses', { uses_allowed: 0 }],
  ['a fraction of a use', { uses_allowed: 1.5 }],
  ['an end in the past', { expires_ts: 1 }],
  ["the first administrator's row", { token: '!bootstrap' }],
])('a token with %s is refused', async (_what, body) => {
  const { token } = await anAdministrator();
  const before = await listed(token);
  expect((await ask('POST', PATH, { token, body })).status).toBe(400);
  expect(await listed(token)).toEqual(before);
});

test('a token is not made twice, and what lets the first administrator in is neither shown nor removed', async () => {
  const { token } = await anAdministrator();
  const key = `twice-${crypto.randomUUID()}`;
  expect((await ask('POST', PATH, { token, body: { token: key } })).status).toBe(200);
  expect(await ask('POST', PATH, { token, body: { token: key } })).toMatchObject({ status: 400 });
  expect((await listed(token)).map((shown) => shown.token)).not.toContain('!bootstrap');
  expect((await ask('DELETE', `${PATH}/%21bootstrap`, { token })).status).toBe(404);
});
