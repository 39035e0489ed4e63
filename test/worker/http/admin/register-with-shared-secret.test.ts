import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { newNonce, registerWithSharedSecret, type SharedSecretDeps } from '../../../../src/accounts/shared-secret.ts';
import { ask, askWith, sharedSecretRequest } from '../../../support/worker/ask.ts';

const PATH = '/_synapse/admin/v1/register';

const aName = () => `s${crypto.randomUUID().slice(0, 8)}`;
const aNonce = async () => String((await ask('GET', PATH)).body['nonce']);

test('who knows the secret makes an administrator, who can log in', async () => {
  const username = aName();
  const request = { ...sharedSecretRequest(await aNonce(), { username }), displayname: 'Root' };
  const made = await ask('POST', PATH, { body: request });
  expect(made).toMatchObject({ status: 200, body: { user_id: `@${username}:eyrie.test`, home_server: 'eyrie.test' } });
  const token = String(made.body['access_token']);
  expect((await ask('GET', '/_eyrie/admin/v1/settings', { token })).status).toBe(200);
  const login = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: username },
    password: 'correct horse',
  };
  expect((await ask('POST', '/_matrix/client/v3/login', { body: login })).status).toBe(200);
  const profile = await ask('GET', `/_matrix/client/v3/profile/@${username}:eyrie.test`);
  expect(profile.body).toEqual({ displayname: 'Root' });
});

test('it works while registration is closed, and a user made without admin is none', async () => {
  const closed = askWith({ EYRIE_REGISTRATION: 'closed' });
  const nonce = String((await closed('GET', PATH)).body['nonce']);
  const made = await closed('POST', PATH, { body: sharedSecretRequest(nonce, { username: aName(), admin: false }) });
  expect(made.status).toBe(200);
  const token = String(made.body['access_token']);
  expect(await ask('GET', '/_eyrie/admin/v1/settings', { token })).toMatchObject({
    status: 403,
    body: { errcode: 'M_FORBIDDEN' },
  });
});

test('a user type is part of what is signed', async () => {
  const request = sharedSecretRequest(await aNonce(), { username: aName() });
  expect((await ask('POST', PATH, { body: { ...request, user_type: 'bot' } })).status).toBe(403);
});

test('a nonce acts once', async () => {
  const nonce = await aNonce();
  const tries = await Promise.all(
    Array.from({ length: 10 }, () => ask('POST', PATH, { body: sharedSecretRequest(nonce, { username: aName() }) })),
  );
  expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a wrong secret is refused, and does not use the nonce up', async () => {
  const nonce = await aNonce();
  const wrong = sharedSecretRequest(nonce, { username: aName(), secret: 'another' });
  expect(await ask('POST', PATH, { body: wrong })).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const right = sharedSecretRequest(nonce, { username: aName() });
  expect((await ask('POST', PATH, { body: right })).status).toBe(200);
});

test.each([
  ['a made-up nonce', { nonce: 'abc.def.ghi' }],
  ['no MAC', { mac: undefined }],
  ['a MAC that is no text', { mac: 5 }],
  ['admin that is no boolean', { admin: 'yes' }],
])('%s is refused', async (_name, change) => {
  const request = { ...sharedSecretRequest(await aNonce(), { username: aName() }), ...change };
  const { status, body } = await ask('POST', PATH, { body: request });
  expect(status).toBe(400);
  expect(body['access_token']).toBeUndefined();
});

test('a nonce runs out after a minute', async () => {
  let now = 1_800_000_000_000;
  const deps = {
    accounts: { now: () => now },
    nonces: { use: async () => true },
    sharedSecret: 'x',
    secret: 'y',
  } as unknown as SharedSecretDeps;
  const nonce = newNonce(deps);
  now += 60_001;
  const request = { ...sharedSecretRequest(nonce, { username: 'late', secret: 'x' }), userType: undefined };
  await expect(registerWithSharedSecret(deps, request)).rejects.toMatchObject({ errcode: 'M_BAD_JSON' });
});

test('without a secret in the configuration both are forbidden', async () => {
  const without = askWith({ EYRIE_REGISTRATION_SHARED_SECRET: null });
  expect(await without('GET', PATH)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const body = sharedSecretRequest(await aNonce(), { username: aName() });
  expect((await without('POST', PATH, { body })).status).toBe(403);
});

test('the password is nowhere in clear', async () => {
  const password = `hidden-${crypto.randomUUID()}`;
  await ask('POST', PATH, { body: sharedSecretRequest(await aNonce(), { username: aName(), password }) });
  const { DB } = env as unknown as { DB: D1Database };
  const { results } = await DB.prepare('select * from accounts').all();
  expect(JSON.stringify(results)).not.toContain(password);
  expect(JSON.stringify(results)).toContain('scrypt');
});
