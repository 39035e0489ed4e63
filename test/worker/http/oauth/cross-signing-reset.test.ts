// Cross-signing keys of who logged in by the OAuth 2.0 API (Client-Server API, "OAuth authentication")
import { expect, test } from 'vitest';

import { aCrossSigningSet } from '../../../support/core/cross-signing.ts';
import { aLoggedInUser, ask, PASSWORD, type TestUser } from '../../../support/worker/ask.ts';
import { aCode, register, TestBrowser } from '../../../support/worker/oauth.ts';

const STAGES = ['m.oauth', 'org.matrix.cross_signing_reset'];

/** A user with cross-signing keys, at a device of an OAuth 2.0 client. */
async function aUser() {
  const { userId } = await aLoggedInUser();
  const session = async (): Promise<TestUser> => {
    const { body: client } = await register();
    const { redeem } = await aCode(userId, String(client['client_id']));
    const { access_token: token } = (await redeem()).body;
    const { body } = await ask('GET', '/_matrix/client/v3/account/whoami', { token: String(token) });
    return { userId, token: String(token), deviceId: String(body['device_id']) };
  };
  const user = await session();
  expect(await upload(user, aCrossSigningSet(user).body)).toMatchObject({ status: 200 });
  return { user, session };
}

const upload = ({ token }: Pick<TestUser, 'token'>, body: object) =>
  ask('POST', '/_matrix/client/v3/keys/device_signing/upload', { token, body });

/** What a client is told that has to have the reset allowed. */
async function challenged(user: TestUser, body: object) {
  const answer = await upload(user, body);
  expect(answer).toMatchObject({ status: 401, body: { flows: STAGES.map((stage) => ({ stages: [stage] })) } });
  const params = answer.body['params'] as Record<string, { url: string }>;
  const [url, other] = STAGES.map((stage) => params[stage]?.url ?? '');
  expect(other).toBe(url);
  const { pathname, search } = new URL(url ?? '');
  return { session: String(answer.body['session']), page: pathname + search };
}

async function allow(page: string, userId: string) {
  const browser = new TestBrowser();
  await browser.signIn(page, userId);
  const shown = await browser.get(page);
  return { shown, allowed: await browser.send(page, { action: 'reset' }) };
}

const masterOf = async (user: TestUser) => {
  const body = { device_keys: { [user.userId]: [] } };
  const answer = await ask('POST', '/_matrix/client/v3/keys/query', { token: user.token, body });
  return (answer.body['master_keys'] as Record<string, unknown>)[user.userId];
};

test('other keys are taken once their user has allowed it on the account page, and only once', async () => {
  const { user } = await aUser();
  const next = aCrossSigningSet(user).body;
  const { session, page } = await challenged(user, next);
  expect(await upload(user, { ...next, auth: { session } })).toMatchObject({ status: 401, body: { session } });
  const { shown, allowed } = await allow(page, user.userId);
  expect(shown.text).toContain(`(${user.deviceId}) asks for new`);
  expect(allowed).toMatchObject({ status: 200, text: expect.stringContaining('The reset is allowed') as string });
  expect(await upload(user, { ...next, auth: { session } })).toMatchObject({ status: 200, body: {} });
  expect(await masterOf(user)).toEqual(next.master_key);
  // Whose answer was lost says the same again.
  expect(await upload(user, { ...next, auth: { session } })).toMatchObject({ status: 200 });
  const third = aCrossSigningSet(user).body;
  expect(await upload(user, { ...third, auth: { session } })).toMatchObject({ status: 401 });
  expect(await masterOf(user)).toEqual(next.master_key);
});

test('the password, a session that was made up, or one that was allowed for another device does not help', async () => {
  const { user, session: logIn } = await aUser();
  const other = await logIn();
  const next = aCrossSigningSet(user).body;
  const { session, page } = await challenged(user, next);
  await allow(page, user.userId);
  const identifier = { type: 'm.id.user', user: user.userId };
  const password = { type: 'm.login.password', identifier, password: PASSWORD };
  expect(await upload(other, { ...next, auth: password })).toMatchObject({ status: 401 });
  for (const auth of [{ session }, { session: 'made up' }, { type: 'm.oauth' }, { session: 1 }, 'odd']) {
    expect(await upload(other, { ...next, auth })).toMatchObject({ status: 401 });
  }
  expect(await masterOf(user)).not.toEqual(next.master_key);
});

test('nobody else can allow it, nor the user where no device asks', async () => {
  const { user } = await aUser();
  const stranger = await aLoggedInUser();
  const next = aCrossSigningSet(user).body;
  const { session, page } = await challenged(user, next);
  for (const [address, userId] of [
    [page, stranger.userId],
    ['/_eyrie/account?action=org.matrix.cross_signing_reset', user.userId],
    [page.replace(user.deviceId, 'OTHER'), user.userId],
    [page.replace(/session=[^&]*/, 'session=made.up'), user.userId],
  ] as const) {
    const { shown, allowed } = await allow(address, userId);
    expect(shown.text).toContain('No app of yours asks for this now');
    expect(allowed.status).toBe(403);
  }
  expect(await upload(user, { ...next, auth: { session } })).toMatchObject({ status: 401 });
});

test('who allows it twice has allowed it once', async () => {
  const { user } = await aUser();
  const next = aCrossSigningSet(user).body;
  const { session, page } = await challenged(user, next);
  for (let times = 0; times < 2; times += 1) expect((await allow(page, user.userId)).allowed.status).toBe(200);
  expect(await upload(user, { ...next, auth: { session } })).toMatchObject({ status: 200 });
});

test('the metadata names the page for it', async () => {
  const { body } = await ask('GET', '/_matrix/client/v1/auth_metadata');
  expect(body['account_management_actions_supported']).toContain('org.matrix.cross_signing_reset');
});
