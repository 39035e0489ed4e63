import { afterAll, beforeAll, expect, test } from 'vitest';

import { anAdministrator, ask, askWith, type Ask } from '../../../support/worker/ask.ts';

const REGISTER = '/_matrix/client/v3/register';
const SETTINGS = '/_eyrie/admin/v1/settings';
const TERMS = 'm.login.terms';
const TOKEN = 'm.login.registration_token';
const PASSWORD = 'correct horse';
const policies = {
  terms: { version: '1.2', en: { name: 'Terms of service', url: 'https://eyrie.test/terms' } },
  privacy: { version: '3', de: { name: 'Datenschutz', url: 'https://eyrie.test/privacy' } },
};
const byToken = askWith({ EYRIE_REGISTRATION: 'token', EYRIE_BOOTSTRAP_TOKEN: null });

const aName = () => `p${crypto.randomUUID().slice(0, 8)}`;

const administrator = await anAdministrator();

const set = (value: unknown) =>
  ask('PUT', SETTINGS, { token: administrator.token, body: { settings: { 'registration.policies': value } } });

/** In force in every isolate of the tests. */
async function require(value: unknown): Promise<void> {
  for (const isolate of [ask, byToken]) {
    const body = { settings: { 'registration.policies': value } };
    expect(await isolate('PUT', SETTINGS, { token: administrator.token, body })).toMatchObject({ status: 200 });
  }
}

const register = (isolate: Ask, username: string, auth?: object) =>
  isolate('POST', REGISTER, { body: { username, password: PASSWORD, ...(auth === undefined ? {} : { auth }) } });

async function aToken(): Promise<string> {
  const made = await ask('POST', '/_eyrie/admin/v1/registration-tokens', { token: administrator.token, body: {} });
  return String(made.body['token']);
}

const userOf = async (username: string) => {
  const path = `/_eyrie/admin/v1/users/${encodeURIComponent(`@${username}:eyrie.test`)}`;
  return (await ask('GET', path, { token: administrator.token })).body;
};

beforeAll(() => require(policies));
afterAll(() => require({}));

test('whoever registers is shown the documents, and has an account once they are accepted', async () => {
  const name = aName();
  const first = await register(ask, name);
  expect(first).toMatchObject({ status: 401, body: { params: { [TERMS]: { policies } }, completed: [] } });
  expect(first.body['flows']).toContainEqual({ stages: [TERMS] });
  const { session } = first.body;
  expect(await register(ask, name, { type: 'm.login.dummy', session })).toMatchObject({ status: 401 });
  expect(await register(ask, name, { type: TERMS, session })).toMatchObject({
    status: 200,
    body: { user_id: `@${name}:eyrie.test` },
  });
  expect(await userOf(name)).toMatchObject({ policies: { terms: '1.2', privacy: '3' } });
});

test('where a token is needed too, it follows in the same session', async () => {
  const [name, token] = [aName(), await aToken()];
  const { session, flows } = (await register(byToken, name)).body;
  expect(flows).toEqual([{ stages: [TERMS, TOKEN] }]);
  const accepted = await register(byToken, name, { type: TERMS, session });
  expect(accepted).toMatchObject({ status: 401, body: { session, completed: [TERMS] } });
  expect(accepted.body).not.toHaveProperty('errcode');
  const wrong = await register(byToken, name, { type: TOKEN, token: 'made up', session });
  expect(wrong).toMatchObject({ status: 401, body: { errcode: 'M_UNAUTHORIZED', session, completed: [TERMS] } });
  expect(await register(byToken, name, { type: TOKEN, token, session })).toMatchObject({ status: 200 });
});

test('a token alone, before the documents, or in another session makes no account', async () => {
  const [name, token] = [aName(), await aToken()];
  const { session } = (await register(byToken, name)).body;
  expect(await register(byToken, name, { type: TOKEN, token, session })).toMatchObject({
    status: 401,
    body: { completed: [] },
  });
  await register(byToken, name, { type: TERMS, session });
  const other = (await register(byToken, name)).body['session'];
  expect(await register(byToken, name, { type: TOKEN, token, session: other })).toMatchObject({ status: 401 });
  // What was passed stays so, and is not asked again.
  expect(await register(byToken, name, { type: TERMS, session })).toMatchObject({
    status: 401,
    body: { completed: [TERMS] },
  });
  expect(await register(byToken, name, { type: TOKEN, token, session })).toMatchObject({ status: 200 });
});

test('a session with something behind it is another one, and is not gone on with', async () => {
  const name = aName();
  const { session } = (await register(byToken, name)).body;
  const longer = `${String(session)}.${'x'.repeat(1_000)}`;
  const refused = await register(byToken, name, { type: TERMS, session: longer });
  expect(refused).toMatchObject({ status: 401, body: { completed: [] } });
  expect(refused.body['session']).not.toBe(longer);
});

test('who accepted one version has not accepted the next', async () => {
  const name = aName();
  const { session } = (await register(ask, name)).body;
  const next = { ...policies, terms: { ...policies.terms, version: '1.3' } };
  await require(next);
  expect(await register(ask, name, { type: TERMS, session })).toMatchObject({
    status: 401,
    body: { params: { [TERMS]: { policies: next } } },
  });
  await require(policies);
});

test.each([
  ['no object', 'terms'],
  ['a document without a version', { terms: { en: policies.terms.en } }],
  ['a document without a text', { terms: { version: '1' } }],
  ['an address that a browser would run', { terms: { version: '1', en: { name: 'x', url: 'javascript:alert(1)' } } }],
  ['an ID with a space', { 'the terms': policies.terms }],
  ['eleven documents', Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`d${index}`, policies.terms]))],
])('%s is refused as a setting', async (_, value) => {
  expect(await set(value)).toMatchObject({
    status: 400,
    body: { errcode: 'EYRIE_INVALID_SETTING', errors: [{ key: 'registration.policies', code: 'bad-policies' }] },
  });
});
