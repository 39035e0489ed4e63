import { expect, test } from 'vitest';

import { aLoggedInUser, ask, logIn, statusOf } from '../../../support/worker/ask.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';
const refresh = (refresh_token: unknown) => ask('POST', '/_matrix/client/v3/refresh', { body: { refresh_token } });

async function aRefreshingSession() {
  const { userId } = await aLoggedInUser('refresh');
  const { body } = await logIn(userId, { refresh_token: true });
  return { userId, token: String(body['access_token']), refreshToken: String(body['refresh_token']), body };
}

test('a request without a token, with an empty or with a made-up one is refused', async () => {
  expect(await ask('GET', WHOAMI)).toMatchObject({ status: 401, body: { errcode: 'M_MISSING_TOKEN' } });
  expect(await ask('GET', `${WHOAMI}?access_token=`)).toMatchObject({ body: { errcode: 'M_MISSING_TOKEN' } });
  for (const token of ['x', 'eyrie_u1_x', `eyrie_u1_${'a'.repeat(44)}`]) {
    const answer = await ask('GET', WHOAMI, { token });
    expect(answer).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
    expect(answer.body).not.toHaveProperty('soft_logout');
  }
});

test('a token is taken from the header or from the query', async () => {
  const { token, userId } = await aLoggedInUser();
  expect((await ask('GET', `${WHOAMI}?access_token=${token}`)).body['user_id']).toBe(userId);
  const basic = await ask('GET', WHOAMI, { headers: { authorization: `Basic ${token}` } });
  expect(basic.body['errcode']).toBe('M_MISSING_TOKEN');
});

test('a refresh token is no access token, and the other way round', async () => {
  const session = await aRefreshingSession();
  expect(await statusOf(session.refreshToken)).toBe(401);
  expect((await refresh(session.token)).status).toBe(401);
});

test('a session without refresh does not run out; one with says when', async () => {
  const { userId } = await aLoggedInUser();
  expect((await logIn(userId)).body).not.toHaveProperty('expires_in_ms');
  expect((await aRefreshingSession()).body['expires_in_ms']).toBe(3_600_000);
});

test('of 50 redemptions at once, one succeeds, and no other hands out a token', async () => {
  const { refreshToken } = await aRefreshingSession();
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const others = answers.filter(({ status }) => status !== 200);
  expect(new Set(others.map(({ body }) => body['errcode']))).toEqual(new Set(['M_LIMIT_EXCEEDED']));
  expect(others.some(({ body }) => 'access_token' in body)).toBe(false);
});

test('once the new token is used, the old refresh token is gone and the old access token is softly out', async () => {
  const { refreshToken, token } = await aRefreshingSession();
  expect(await statusOf(token)).toBe(200);
  const { body } = await refresh(refreshToken);
  expect(await statusOf(String(body['access_token']))).toBe(200);
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
  const next = await refresh(body['refresh_token']);
  expect(next.status).toBe(200);
  expect(await statusOf(String(next.body['access_token']))).toBe(200);
});

test.each([undefined, 5, '', 'x', 'eyrie_u1_x'])('refreshing with %j hands out nothing', async (given) => {
  const { status, body } = await refresh(given);
  expect([400, 401]).toContain(status);
  expect(body).not.toHaveProperty('access_token');
});

test('logging out ends the token at once, and the device', async () => {
  const alice = await aLoggedInUser('alice');
  const second = (await logIn(alice.userId, { device_id: 'SECOND' })).body;
  expect(await statusOf(String(second['access_token']))).toBe(200);
  await ask('POST', '/_matrix/client/v3/logout', { token: String(second['access_token']) });
  expect(await statusOf(String(second['access_token']))).toBe(401);
  const { body } = await ask('GET', '/_matrix/client/v3/devices', { token: alice.token });
  expect(body['devices']).toHaveLength(1);
});

test('logging out everywhere ends every token at once', async () => {
  const alice = await aLoggedInUser('alice');
  const second = String((await logIn(alice.userId)).body['access_token']);
  expect([await statusOf(alice.token), await statusOf(second)]).toEqual([200, 200]);
  await ask('POST', '/_matrix/client/v3/logout/all', { token: alice.token });
  expect([await statusOf(alice.token), await statusOf(second)]).toEqual([401, 401]);
});

test('logging in on a device again ends its earlier token and keeps its name', async () => {
  const alice = await aLoggedInUser('alice');
  const path = `/_matrix/client/v3/devices/${alice.deviceId}`;
  await ask('PUT', path, { token: alice.token, body: { display_name: 'Mine' } });
  const again = (await logIn(alice.userId, { device_id: alice.deviceId })).body;
  const device = await ask('GET', path, { token: String(again['access_token']) });
  expect(device.body).toMatchObject({ device_id: alice.deviceId, display_name: 'Mine' });
});
