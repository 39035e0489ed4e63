import { expect, test } from 'vitest';

import { aLoggedInUser, ask, PASSWORD } from '../../../support/worker/ask.ts';

const LOGIN = '/_matrix/client/v3/login';
const login = (body: unknown) => ask('POST', LOGIN, { body });

test('the flows list nothing that works without a proof', async () => {
  expect((await ask('GET', LOGIN)).body).toEqual({
    flows: [
      { type: 'm.login.password' },
      { type: 'm.login.application_service' },
      { type: 'm.login.token', get_login_token: true },
    ],
  });
});

test('a user logs in by ID, by local part, with capitals, and as older clients say it', async () => {
  const { userId } = await aLoggedInUser('alice');
  const localpart = userId.slice(1, userId.indexOf(':'));
  for (const user of [userId, localpart, localpart.toUpperCase()]) {
    const body = { type: 'm.login.password', identifier: { type: 'm.id.user', user }, password: PASSWORD };
    expect(await login(body)).toMatchObject({ status: 200, body: { user_id: userId } });
  }
  expect((await login({ type: 'm.login.password', user: userId, password: PASSWORD })).status).toBe(200);
});

const { userId } = await aLoggedInUser('victim');
const identifier = { type: 'm.id.user', user: userId };

test.each([
  ['nothing', {}],
  ['no password', { type: 'm.login.password', identifier }],
  ['an empty password', { type: 'm.login.password', identifier, password: '' }],
  ['a wrong password', { type: 'm.login.password', identifier, password: 'wrong' }],
  ['a password that is no text', { type: 'm.login.password', identifier, password: [PASSWORD] }],
  ['a password that is null', { type: 'm.login.password', identifier, password: null }],
  ['no user', { type: 'm.login.password', password: PASSWORD }],
  [
    'a user of another server',
    { type: 'm.login.password', user: userId.replace('eyrie', 'other'), password: PASSWORD },
  ],
  ['an e-mail address', { type: 'm.login.password', identifier: { type: 'm.id.thirdparty' }, password: PASSWORD }],
  ['the dummy type', { type: 'm.login.dummy', identifier, password: PASSWORD }],
  ['a token type', { type: 'm.login.token', token: userId }],
  ['an application service type', { type: 'm.login.application_service', identifier }],
  ['an unknown type', { type: 'org.example.login', identifier, password: PASSWORD }],
  ['a type that is no text', { type: 1, identifier, password: PASSWORD }],
  ['an authentication object', { identifier, auth: { type: 'm.login.dummy' } }],
])('a login with %s gives no token', async (_name, body) => {
  const answer = await login(body);
  expect([400, 401, 403]).toContain(answer.status);
  expect(answer.body).not.toHaveProperty('access_token');
});

test('what is no JSON is said to be none, and the password is not repeated', async () => {
  expect((await login('{')).body['errcode']).toBe('M_NOT_JSON');
  const answer = await login({ type: 'm.login.password', identifier: 5, password: 'very secret' });
  expect(answer.body['errcode']).toBe('M_BAD_JSON');
  expect(JSON.stringify(answer.body)).not.toContain('very secret');
});
