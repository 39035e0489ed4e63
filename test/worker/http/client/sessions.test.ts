import { expect, test } from 'vitest';

import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';

test('a user registers, logs in, is known by the token and logs out', async () => {
  const alice = await aLoggedInUser('alice');
  const login = await ask('POST', '/_matrix/client/v3/login', {
    body: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: alice.userId },
      password: 'correct horse',
    },
  });
  expect(login.status).toBe(200);
  const token = String(login.body['access_token']);
  const who = await ask('GET', '/_matrix/client/v3/account/whoami', { token });
  expect(who.body).toMatchObject({ user_id: alice.userId, device_id: login.body['device_id'] });
  expect((await ask('POST', '/_matrix/client/v3/logout', { token })).status).toBe(200);
  const after = await ask('GET', '/_matrix/client/v3/account/whoami', { token });
  expect(after).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
  expect((await ask('GET', '/_matrix/client/v3/account/whoami', { token: alice.token })).status).toBe(200);
});

test('a wrong password and an unknown user get the same answer', async () => {
  const alice = await aLoggedInUser('alice');
  const wrong = (user: string) =>
    ask('POST', '/_matrix/client/v3/login', {
      body: { type: 'm.login.password', identifier: { type: 'm.id.user', user }, password: 'wrong' },
    });
  const known = await wrong(alice.userId);
  const unknown = await wrong('@nobody-at-all:eyrie.test');
  expect(known.status).toBe(403);
  expect(unknown).toEqual(known);
});

test('registering a taken name is refused', async () => {
  const alice = await aLoggedInUser('alice');
  const username = alice.userId.slice(1).split(':')[0];
  const again = await ask('POST', '/_matrix/client/v3/register', {
    body: { username, password: 'x', auth: { type: 'm.login.dummy' } },
  });
  expect(again).toMatchObject({ status: 400, body: { errcode: 'M_USER_IN_USE' } });
});

test.each([
  ['nothing', undefined],
  ['an unknown type', { type: 'm.login.nothing' }],
  ['no type', { session: 'x' }],
  ['a password stage', { type: 'm.login.password', password: 'x' }],
  ['a made-up session', { type: 'm.login.dummy', session: 'abc.def.ghi' }],
])('registration with %s as authentication is a challenge', async (_name, auth) => {
  const { status, body } = await ask('POST', '/_matrix/client/v3/register', {
    body: { username: `u${crypto.randomUUID().slice(0, 8)}`, password: 'x', ...(auth === undefined ? {} : { auth }) },
  });
  expect(status).toBe(401);
  expect(body['flows']).toBeDefined();
  expect(body['access_token']).toBeUndefined();
});

test('profile, account data and filters are kept', async () => {
  const { userId, token } = await aLoggedInUser('carol');
  const profile = `/_matrix/client/v3/profile/${encodeURIComponent(userId)}`;
  await ask('PUT', `${profile}/displayname`, { token, body: { displayname: 'Carol' } });
  expect((await ask('GET', profile)).body).toEqual({ displayname: 'Carol' });
  const data = `/_matrix/client/v3/user/${encodeURIComponent(userId)}/account_data/org.example.x`;
  expect((await ask('GET', data, { token })).status).toBe(404);
  await ask('PUT', data, { token, body: { a: 1 } });
  expect((await ask('GET', data, { token })).body).toEqual({ a: 1 });
  const filters = `/_matrix/client/v3/user/${encodeURIComponent(userId)}/filter`;
  const { body } = await ask('POST', filters, { token, body: { room: { timeline: { limit: 3 } } } });
  expect((await ask('GET', `${filters}/${String(body['filter_id'])}`, { token })).body).toEqual({
    room: { timeline: { limit: 3 } },
  });
  const sync = await ask('GET', '/_matrix/client/v3/sync', { token });
  const { events } = sync.body['account_data'] as { readonly events: readonly { readonly type: string }[] };
  expect(events.map(({ type }) => type).toSorted()).toEqual(['m.push_rules', 'org.example.x']);
  expect(events).toContainEqual({ type: 'org.example.x', content: { a: 1 } });
});
