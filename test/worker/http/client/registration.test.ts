import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { ask, askWith, type Ask } from '../../../support/worker/ask.ts';

const { DB } = env as unknown as { DB: D1Database };
const REGISTER = '/_matrix/client/v3/register';
const dummy = { type: 'm.login.dummy' };
const byToken = (token: string) => ({ type: 'm.login.registration_token', token });

const aName = () => `r${crypto.randomUUID().slice(0, 8)}`;
const open = ask;
const token = askWith({ EYRIE_REGISTRATION: 'token', EYRIE_BOOTSTRAP_TOKEN: null });
const closed = askWith({ EYRIE_REGISTRATION: 'closed', EYRIE_BOOTSTRAP_TOKEN: null });

const register = (asking: Ask, body: Record<string, unknown> = {}, query = '') =>
  asking('POST', `${REGISTER}${query}`, { body: { username: aName(), password: 'x', ...body } });

async function aToken(usesAllowed: number | null = null, expiresTs: number | null = null): Promise<string> {
  const made = `t${crypto.randomUUID()}`;
  await DB.prepare(
    'insert into registration_tokens (token, uses_allowed, completed, expires_ts, admin) values (?, ?, 0, ?, 0)',
  )
    .bind(made, usesAllowed, expiresTs)
    .run();
  return made;
}

const usesOf = async (made: string) =>
  (await DB.prepare('select completed from registration_tokens where token = ?')
    .bind(made)
    .first('completed')) as number;

test('the first request is answered with the flows, without an error code', async () => {
  const { status, body } = await open('POST', REGISTER, { body: {} });
  expect(status).toBe(401);
  expect(body).toMatchObject({ params: {}, completed: [] });
  expect(body['flows']).toContainEqual({ stages: ['m.login.dummy'] });
  expect(typeof body['session']).toBe('string');
  expect(body).not.toHaveProperty('errcode');
});

test('the session of the first request leads to the account', async () => {
  const username = aName();
  const { body } = await open('POST', REGISTER, { body: { username, password: 'x' } });
  const done = await register(open, { username, auth: { ...dummy, session: body['session'] } });
  expect(done).toMatchObject({ status: 200, body: { user_id: `@${username}:eyrie.test`, home_server: 'eyrie.test' } });
});

test('a session of another operation is none', async () => {
  const { body } = await register(open, { auth: dummy });
  const other = await ask('DELETE', '/_matrix/client/v3/devices/X', { token: String(body['access_token']), body: {} });
  const foreign = await register(open, { auth: { ...dummy, session: other.body['session'] } });
  expect(foreign.status).toBe(401);
});

test('inhibit_login makes an account without a session', async () => {
  const { status, body } = await register(open, { auth: dummy, inhibit_login: true });
  expect(status).toBe(200);
  expect(body).not.toHaveProperty('access_token');
  expect(body).not.toHaveProperty('device_id');
});

test('the device that is asked for is the one that is given', async () => {
  const made = await register(open, { auth: dummy, device_id: 'PHONE', initial_device_display_name: 'Phone' });
  expect(made.body['device_id']).toBe('PHONE');
  const devices = await ask('GET', '/_matrix/client/v3/devices', { token: String(made.body['access_token']) });
  expect(devices.body).toMatchObject({ devices: [{ device_id: 'PHONE', display_name: 'Phone' }] });
});

test('capitals become small letters, and no name gets one', async () => {
  const name = aName();
  expect((await register(open, { username: name.toUpperCase(), auth: dummy })).body['user_id']).toBe(
    `@${name}:eyrie.test`,
  );
  const unnamed = await register(open, { username: undefined, auth: dummy });
  expect(unnamed.body['user_id']).toMatch(/^@[a-z]+:eyrie\.test$/);
});

test.each(['a b', 'ä', 'a:b', '@a:eyrie.test', '', 'a'.repeat(250)])('the name %j is invalid', async (username) => {
  expect(await register(open, { username })).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_USERNAME' } });
  const path = `${REGISTER}/available?username=${encodeURIComponent(username)}`;
  expect(await open('GET', path)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_USERNAME' } });
});

test('a taken name is refused before the authentication, and said to be taken', async () => {
  const username = aName();
  expect((await open('GET', `${REGISTER}/available?username=${username}`)).body).toEqual({ available: true });
  await register(open, { username, auth: dummy });
  const inUse = { status: 400, body: { errcode: 'M_USER_IN_USE' } };
  expect(await register(open, { username })).toMatchObject(inUse);
  expect(await open('GET', `${REGISTER}/available?username=${username}`)).toMatchObject(inUse);
});

test('of many registrations of one name at once, one succeeds', async () => {
  const username = aName();
  const answers = await Promise.all(Array.from({ length: 8 }, () => register(open, { username, auth: dummy })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ body }) => body['errcode'] === 'M_USER_IN_USE')).toHaveLength(7);
});

test('no shard gets more accounts than it has room for, and all of them work', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => register(open, { auth: dummy })));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const { results } = await DB.prepare('select shard, count(*) as n from accounts group by shard').all<{ n: number }>();
  expect(Math.max(...results.map(({ n }) => n))).toBeLessThanOrEqual(3);
  expect(results.length).toBeGreaterThanOrEqual(2);
  const counted = await DB.prepare('select sum(accounts) as n from shards').first('n');
  expect(counted).toBe(results.reduce((sum, { n }) => sum + n, 0));
});

test('guests are not admitted', async () => {
  expect(await register(open, { auth: dummy }, '?kind=guest')).toMatchObject({
    status: 403,
    body: { errcode: 'M_GUEST_ACCESS_FORBIDDEN' },
  });
});

test('closed registration is forbidden, whatever the request says', async () => {
  for (const auth of [undefined, dummy, byToken('x'), byToken('!bootstrap')]) {
    expect(await register(closed, { auth })).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
  const validity = await closed('GET', '/_matrix/client/v1/register/m.login.registration_token/validity?token=x');
  expect(validity).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
});

test('with tokens, only a token registers', async () => {
  const made = await aToken();
  const flows = await register(token);
  expect(flows.body['flows']).toEqual([{ stages: ['m.login.registration_token'] }]);
  for (const auth of [
    dummy,
    byToken('wrong'),
    byToken(''),
    byToken('!bootstrap'),
    { ...byToken(made), token: [made] },
  ]) {
    expect((await register(token, { auth })).status).toBe(401);
  }
  expect((await register(token, { auth: byToken('wrong') })).body['errcode']).toBe('M_UNAUTHORIZED');
  expect((await register(token, { auth: byToken(made) })).status).toBe(200);
});

test('a token is used as often as it says, however many try at once', async () => {
  const made = await aToken(3);
  const answers = await Promise.all(Array.from({ length: 10 }, () => register(token, { auth: byToken(made) })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(7);
  expect(await usesOf(made)).toBe(3);
});

test('a registration that fails does not use the token up', async () => {
  const made = await aToken(1);
  const username = aName();
  await register(open, { username, auth: dummy });
  await register(token, { username, auth: byToken(made) });
  await register(token, { auth: byToken(made), password: undefined });
  await register(token, { auth: byToken(made), username: 'not valid' });
  expect(await usesOf(made)).toBe(0);
  const name = aName();
  const race = await Promise.all([1, 2].map(() => register(token, { username: name, auth: byToken(made) })));
  expect(race.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await usesOf(made)).toBe(1);
});

test('the validity of a token can be asked', async () => {
  const path = '/_matrix/client/v1/register/m.login.registration_token/validity';
  const isValid = async (made: string) =>
    (await token('GET', `${path}?token=${encodeURIComponent(made)}`)).body['valid'];
  expect(await isValid(await aToken())).toBe(true);
  expect(await isValid(await aToken(0))).toBe(false);
  expect(await isValid(await aToken(null, 1))).toBe(false);
  expect(await isValid('unknown')).toBe(false);
  expect(await isValid('!bootstrap')).toBe(false);
  expect((await token('GET', path)).body['errcode']).toBe('M_MISSING_PARAM');
});
