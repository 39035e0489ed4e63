// The account on the pages of the server (Client-Server API, "Account management")
import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { aLoggedInUser, ask, logIn, PASSWORD, statusOf } from '../../../support/worker/ask.ts';
import { aClient } from '../../../support/worker/client.ts';
import { TestBrowser } from '../../../support/worker/oauth.ts';

const path = '/_eyrie/account';
const v3 = '/_matrix/client/v3';

async function signedIn(userId: string): Promise<TestBrowser> {
  const browser = new TestBrowser();
  await browser.signIn(path, userId);
  await browser.get(path);
  return browser;
}

test('the name is changed, and told in rooms', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const browser = await signedIn(alice.userId);
  expect((await browser.send(path, { action: 'profile', displayname: 'A "new" <name>' })).location).toContain(
    'done=profile',
  );
  const page = await browser.get(`${path}?done=profile`);
  expect(page.text).toContain('The name was saved');
  expect(page.text).toContain('A &quot;new&quot; &lt;name&gt;');
  const member = await alice.inRoom('GET', roomId, `state/m.room.member/${encodeURIComponent(alice.userId)}`);
  expect(member.body).toMatchObject({ displayname: 'A "new" <name>' });
  expect((await browser.send(path, { action: 'profile', displayname: 'x'.repeat(257) })).status).toBe(400);
  await browser.send(path, { action: 'profile', displayname: '' });
  expect(await ask('GET', `${v3}/profile/${encodeURIComponent(alice.userId)}/displayname`)).toMatchObject({
    status: 404,
  });
});

test('the password is changed by who knows the present one, who stays signed in', async () => {
  const { userId, token } = await aLoggedInUser();
  const browser = await signedIn(userId);
  const change = (fields: Record<string, string>) =>
    browser.send(path, { action: 'password', password: PASSWORD, new_password: 'next', again: 'next', ...fields });
  for (const [wrong, said] of [
    [{ password: 'wrong' }, 'Wrong user name or password'],
    [{ again: 'other' }, 'not the same'],
    [{ new_password: '', again: '' }, 'may not be empty'],
  ] as const) {
    const answer = await change(wrong);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).toContain(said);
  }
  expect((await change({})).status).toBe(303);
  expect((await browser.get(`${path}?done=password`)).text).toContain('The password was changed');
  expect((await logIn(userId)).status).toBe(403);
  expect((await logIn(userId, { password: 'next' })).status).toBe(200);
  expect(await statusOf(token)).toBe(200);
  await change({ password: 'next', new_password: 'last', again: 'last', logout: 'yes' });
  expect(await statusOf(token)).toBe(401);
});

test('the account is closed by its password, and its user leaves the rooms', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await bob.create();
  await alice.join(roomId);
  const browser = await signedIn(alice.userId);
  const closing = `${path}?action=org.matrix.account_deactivate`;
  expect((await browser.get(closing)).text).toContain('for ever');
  expect((await browser.send(closing, { action: 'close', password: 'wrong' })).status).toBe(403);
  expect((await browser.send(closing, { action: 'close', password: PASSWORD, erase: 'yes' })).text).toContain(
    'is no more',
  );
  expect(await statusOf(alice.token)).toBe(401);
  expect((await browser.get(path)).text).toContain('Sign in');
  const member = await bob.inRoom('GET', roomId, `state/m.room.member/${encodeURIComponent(alice.userId)}`);
  expect(member.body).toMatchObject({ membership: 'leave' });
});

test('the style of the pages is the one that their policy lets browsers apply', async () => {
  const { text, headers } = await new TestBrowser().get(path);
  const [, style = ''] = /<style>([^]*?)<\/style>/.exec(text) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
});

test('a link has the page report nothing but what its forms do', async () => {
  const { userId } = await aLoggedInUser();
  const browser = await signedIn(userId);
  expect((await browser.get(`${path}?done=constructor`)).text).not.toContain('role="status"');
});

test('links of clients show what they are about, and nothing is done without a form of ours', async () => {
  const { userId, deviceId } = await aLoggedInUser();
  const browser = await signedIn(userId);
  const whole = await browser.get(path);
  for (const heading of ['Profile', 'Password', 'Sessions', 'Close the account']) {
    expect(whole.text).toContain(`<h2>${heading}</h2>`);
  }
  expect((await browser.get(`${path}?action=org.matrix.profile`)).text).not.toContain('<h2>Password</h2>');
  expect((await browser.get(`${path}?action=org.matrix.devices_list`)).text).toContain(deviceId);
  expect((await browser.send(path, { action: 'profile', displayname: 'x', form_token: 'made-up' })).status).toBe(403);
  const { body } = await ask('GET', '/_matrix/client/v1/auth_metadata');
  expect(body['account_management_actions_supported']).toContain('org.matrix.account_deactivate');
});
