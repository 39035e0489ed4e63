import { expect, test } from 'vitest';

import { aLoggedInUser, ask, PASSWORD, type TestUser } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const userInfo = (token: string) =>
  ask('GET', `/_matrix/federation/v1/openid/userinfo?access_token=${encodeURIComponent(token)}`);

async function aToken({ userId, token }: TestUser): Promise<string> {
  const { body } = await ask('POST', `${v3}/user/${userId}/openid/request_token`, { token, body: {} });
  expect(body).toMatchObject({ token_type: 'Bearer', matrix_server_name: 'eyrie.test', expires_in: 3600 });
  return String(body['access_token']);
}

test('who is shown a token learns from this server whose it is', async () => {
  const user = await aLoggedInUser();
  expect(await userInfo(await aToken(user))).toMatchObject({ status: 200, body: { sub: user.userId } });
});

test('a token is for nothing else', async () => {
  const user = await aLoggedInUser();
  const answer = await ask('GET', `${v3}/account/whoami`, { token: await aToken(user) });
  expect(answer).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
});

test('an access token of a client is not taken for one', async () => {
  const { token } = await aLoggedInUser();
  expect(await userInfo(token)).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
});

test('none can be had for another user', async () => {
  const { token } = await aLoggedInUser();
  const { userId } = await aLoggedInUser();
  const answer = await ask('POST', `${v3}/user/${userId}/openid/request_token`, { token, body: {} });
  expect(answer).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
});

test('the token of a user who was deactivated is unknown', async () => {
  const user = await aLoggedInUser();
  const token = await aToken(user);
  const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: user.userId }, password: PASSWORD };
  const gone = await ask('POST', `${v3}/account/deactivate`, { token: user.token, body: { auth } });
  expect(gone.status).toBe(200);
  expect(await userInfo(token)).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
});

test('asking without a token is refused', async () => {
  const answer = await ask('GET', '/_matrix/federation/v1/openid/userinfo');
  expect(answer).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
});
