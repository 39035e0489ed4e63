import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import { createApp } from '../../../../src/app.ts';
import type { Env } from '../../../../src/config.ts';
import { aLoggedInUser, ask, askWith, logIn, PASSWORD, statusOf } from '../../../support/worker/ask.ts';

const bindings = env as unknown as Env;
const C = '/_matrix/client/v3';

const shardOf = (token: string) => bindings.USER.getByName(token.split('_')[1] ?? '');

/** A Worker that has not heard of any token. */
const freshStatusOf = async (token: string) => (await askWith({})('GET', `${C}/account/whoami`, { token })).status;

afterEach(() => {
  vi.restoreAllMocks();
});

test('an evicted shard still knows sessions, profiles, account data, filters and tries', async () => {
  const { userId, token } = await aLoggedInUser('evicted');
  const ended = String((await logIn(userId, { device_id: 'ENDED' })).body['access_token']);
  await ask('POST', `${C}/logout`, { token: ended });
  await ask('PUT', `${C}/profile/${userId}/displayname`, { token, body: { displayname: 'Kept' } });
  await ask('PUT', `${C}/user/${userId}/account_data/org.example`, { token, body: { kept: true } });
  const filter = await ask('POST', `${C}/user/${userId}/filter`, { token, body: { event_fields: ['type'] } });
  const limited = askWith({ EYRIE_RATE_LIMITS: 'on' });
  const guess = (password: string) =>
    limited('POST', `${C}/login`, { body: { type: 'm.login.password', user: userId, password } });
  for (let index = 0; index < 10; index += 1) await guess('wrong');

  await evictDurableObject(shardOf(token));

  expect(await freshStatusOf(token)).toBe(200);
  expect(await freshStatusOf(ended)).toBe(401);
  expect((await ask('GET', `${C}/profile/${userId}`)).body).toEqual({ displayname: 'Kept' });
  expect((await ask('GET', `${C}/user/${userId}/account_data/org.example`, { token })).body).toEqual({ kept: true });
  const kept = await ask('GET', `${C}/user/${userId}/filter/${String(filter.body['filter_id'])}`, { token });
  expect(kept.body).toEqual({ event_fields: ['type'] });
  expect((await guess(PASSWORD)).status).toBe(429);
});

test('a token of an account outlives the eviction of another shard, and no token works in another shard', async () => {
  const users = await Promise.all(Array.from({ length: 5 }, () => aLoggedInUser('spread')));
  const shards = new Set(users.map(({ token }) => token.split('_')[1]));
  expect(shards.size).toBeGreaterThanOrEqual(2);
  for (const { token, userId } of users) {
    await evictDurableObject(shardOf(token));
    expect((await ask('GET', `${C}/account/whoami`, { token })).body['user_id']).toBe(userId);
  }
});

test('an object that nobody registered has no tables, and a made-up token does not make any', async () => {
  const stub = bindings.USER.getByName('u999');
  await ask('GET', `${C}/account/whoami`, { token: `eyrie_u999_${'A'.repeat(44)}` });
  const tables = await runInDurableObject(stub, (_instance, state) =>
    state.storage.sql.exec(`select name from sqlite_master where name not like '\\_cf%' escape '\\'`).toArray(),
  );
  expect(tables).toEqual([]);
});

test('a call that is repeated with its operation ID acts once', async () => {
  const { userId, token } = await aLoggedInUser('twice');
  const stub = shardOf(token) as unknown as {
    takePasswordTry(call: { userId: string; opId: string }): Promise<{ ok: boolean; value: number }>;
  };
  const opId = crypto.randomUUID();
  const answers = [];
  for (let index = 0; index < 20; index += 1) answers.push(await stub.takePasswordTry({ userId, opId }));
  expect(answers.every((answer) => answer.ok && answer.value === 0)).toBe(true);
});

test('what goes over a shard and the database is in no log and nowhere in clear', async () => {
  const lines: unknown[] = [];
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, level).mockImplementation((...line: unknown[]) => void lines.push(...line));
  }
  const password = `secret-${crypto.randomUUID()}`;
  const username = `quiet${crypto.randomUUID().slice(0, 8)}`;
  const register = { username, password, auth: { type: 'm.login.dummy' }, refresh_token: true };
  const { body } = await ask('POST', `${C}/register`, { body: register });
  const token = String(body['access_token']);
  const refreshToken = String(body['refresh_token']);
  const userId = String(body['user_id']);
  await logIn(userId, { password });
  await logIn(userId, { password: `${password}-wrong` });
  await statusOf(token);
  await ask('POST', `${C}/refresh`, { body: { refresh_token: refreshToken } });
  await ask('POST', `${C}/account/password`, { token, body: { new_password: password, auth: { password } } });
  await ask('POST', `${C}/login`, { body: `{"password":"${password}"` });
  // A failure that nobody foresaw, with a password in the request.
  const broken = createApp({ ...bindings, DB: {} as D1Database });
  const login = { type: 'm.login.password', user: userId, password };
  await broken.request(`${C}/login`, { method: 'POST', body: JSON.stringify(login) });
  expect(lines.length).toBeGreaterThan(0);

  const { results } = await bindings.DB.prepare('select * from accounts').all();
  const stored = await runInDurableObject(shardOf(token), (_instance, state) => {
    const tables = state.storage.sql.exec<{ name: string }>(
      `select name from sqlite_master where type = 'table' and name not like '\\_cf%' escape '\\'`,
    );
    return tables.toArray().map(({ name }) => state.storage.sql.exec(`select * from "${name}"`).toArray());
  });
  const written = JSON.stringify({ lines, results, stored });
  for (const secret of [password, token, refreshToken, secretOf(token), secretOf(refreshToken)]) {
    expect(written).not.toContain(secret);
  }
  expect(written).toContain(userId);
});

/** What follows the shard's name; it may itself hold the character that parts them. */
function secretOf(token: string): string {
  return token.slice(token.indexOf('_', 'eyrie_'.length) + 1);
}
