import { expect, test } from 'vitest';

import { aLoggedInUser, ask, logIn, PASSWORD, statusOf, type TestUser } from '../../../support/worker/ask.ts';

interface Operation {
  readonly method: string;
  readonly path: (user: TestUser) => string;
  readonly body: (user: TestUser) => Record<string, unknown>;
}

const C = '/_matrix/client/v3';

/** Every operation that has to be confirmed. */
const operations: Readonly<Record<string, Operation>> = {
  deleteDevice: { method: 'DELETE', path: ({ deviceId }) => `${C}/devices/${deviceId}`, body: () => ({}) },
  deleteDevices: {
    method: 'POST',
    path: () => `${C}/delete_devices`,
    body: ({ deviceId }) => ({ devices: [deviceId] }),
  },
  changePassword: { method: 'POST', path: () => `${C}/account/password`, body: () => ({ new_password: 'changed' }) },
  deactivateAccount: { method: 'POST', path: () => `${C}/account/deactivate`, body: () => ({}) },
};

const names = Object.keys(operations);

const attempt = (name: string, user: TestUser, auth?: unknown, token: string | undefined = user.token) => {
  const operation = operations[name];
  if (operation === undefined) throw new Error('no such operation');
  const body = { ...operation.body(user), ...(auth === undefined ? {} : { auth }) };
  return ask(operation.method, operation.path(user), { body, ...(token === undefined ? {} : { token }) });
};

const passwordOf = ({ userId }: { readonly userId: string }, password: unknown = PASSWORD) => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: userId },
  password,
});

const mallory = await aLoggedInUser('mallory');
const localpart = ({ userId }: TestUser) => userId.slice(1, userId.indexOf(':'));

/** What proves nothing. */
const unproven: Readonly<Record<string, (user: TestUser) => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'a text': () => 'm.login.password',
  'a list': () => [],
  'an empty object': () => ({}),
  'a made-up session alone': () => ({ session: 'abc' }),
  'an unknown type': (user) => ({ ...passwordOf(user), type: 'org.example.unknown' }),
  'a type that is no text': (user) => ({ ...passwordOf(user), type: 1 }),
  'the dummy stage': () => ({ type: 'm.login.dummy' }),
  'a registration token': () => ({ type: 'm.login.registration_token', token: 'bootstrap-token-of-the-tests' }),
  'no password': (user) => passwordOf(user, null),
  'no password at all': ({ userId }) => ({ type: 'm.login.password', identifier: { type: 'm.id.user', user: userId } }),
  'a wrong password': (user) => passwordOf(user, 'wrong'),
  'an empty password': (user) => passwordOf(user, ''),
  'a password in a list': (user) => passwordOf(user, [PASSWORD]),
  'no user': () => ({ type: 'm.login.password', password: PASSWORD }),
  'a user that is no text': () => ({ type: 'm.login.password', user: 5, password: PASSWORD }),
  'another user and their right password': () => passwordOf(mallory),
  'an e-mail address': () => ({ ...passwordOf(mallory), identifier: { type: 'm.id.thirdparty', medium: 'email' } }),
  'a made-up session': (user) => ({ ...passwordOf(user), session: 'abc.def.ghi' }),
  'a session that is no text': (user) => ({ ...passwordOf(user), session: 5 }),
};

for (const name of names) {
  test(`${name} is refused without a proof, and has no effect`, async () => {
    const user = await aLoggedInUser('victim');
    for (const [what, auth] of Object.entries(unproven)) {
      const { status, body } = await attempt(name, user, auth(user));
      expect([what, status]).toEqual([what, 401]);
      expect(body['flows']).toEqual([{ stages: ['m.login.password'] }]);
      expect(typeof body['session']).toBe('string');
    }
    expect(await statusOf(user.token)).toBe(200);
    expect((await logIn(user.userId)).status).toBe(200);
  });

  test(`${name} needs an access token, whatever proof there is`, async () => {
    const user = await aLoggedInUser('victim');
    const operation = operations[name];
    const body = { ...operation?.body(user), auth: passwordOf(user) };
    const answer = await ask(operation?.method ?? '', operation?.path(user) ?? '', { body });
    expect(answer).toMatchObject({ status: 401, body: { errcode: 'M_MISSING_TOKEN' } });
  });

  test(`${name} refuses a session of another operation, and of another user`, async () => {
    const user = await aLoggedInUser('victim');
    for (const other of names.filter((candidate) => candidate !== name)) {
      const { session } = (await attempt(other, user)).body;
      expect((await attempt(name, user, { ...passwordOf(user), session })).status).toBe(401);
    }
    const { session } = (await attempt(name, mallory)).body;
    expect((await attempt(name, user, { ...passwordOf(user), session })).status).toBe(401);
  });

  test(`${name} goes through with the user's password, in the session that was begun`, async () => {
    const user = await aLoggedInUser('owner');
    const first = await attempt(name, user);
    expect(first.body).not.toHaveProperty('errcode');
    const wrong = await attempt(name, user, { ...passwordOf(user, 'wrong'), session: first.body['session'] });
    expect(wrong).toMatchObject({ status: 401, body: { errcode: 'M_FORBIDDEN' } });
    const right = { ...passwordOf({ userId: localpart(user) }), session: first.body['session'] };
    expect((await attempt(name, user, right)).status).toBe(200);
  });
}

test('one application cannot use a token of another user', async () => {
  const user = await aLoggedInUser('victim');
  expect((await attempt('changePassword', user, passwordOf(user), mallory.token)).status).toBe(401);
  expect((await logIn(user.userId)).status).toBe(200);
});

test.each(names)('%s goes on with its session after a wrong password', async (name) => {
  const user = await aLoggedInUser();
  const { session } = (await attempt(name, user)).body;
  const wrong = await attempt(name, user, { ...passwordOf(user, 'wrong'), session });
  expect(wrong).toMatchObject({ status: 401, body: { errcode: 'M_FORBIDDEN', session } });
  expect(await attempt(name, user, { ...passwordOf(user), session })).toMatchObject({ status: 200 });
});
