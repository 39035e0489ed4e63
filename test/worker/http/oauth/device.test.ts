import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';
import { CLIENT, post, register, scopeOf, TestBrowser } from '../../../support/worker/oauth.ts';

const { DB } = env as unknown as { DB: D1Database };
const clientId = String((await register()).body['client_id']);

async function begin() {
  const { status, body } = await post('/_eyrie/oauth/device', { client_id: clientId, scope: scopeOf('CLI0123456') });
  expect(status).toBe(200);
  const code = String(body['device_code']);
  const poll = (as = clientId) =>
    post('/_eyrie/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: code,
      client_id: as,
    });
  return { poll, userCode: String(body['user_code']), link: new URL(String(body['verification_uri_complete'])) };
}

async function decide(userCode: string, action: 'allow' | 'deny', userId?: string) {
  const browser = new TestBrowser();
  await browser.signIn('/link', userId ?? (await aLoggedInUser()).userId);
  await browser.get('/link');
  const found = await browser.send('/link', { action: 'find', user_code: userCode.toLowerCase() });
  expect(found.text).toContain('A client');
  return browser.send('/link', { action, user_code: userCode });
}

test('a device without a browser is let in on another one, once', async () => {
  const { userId } = await aLoggedInUser();
  const { poll, userCode, link } = await begin();
  expect(userCode).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
  expect(link.pathname + link.search).toBe(`/link?user_code=${userCode}`);
  expect((await poll()).body['error']).toBe('authorization_pending');
  expect((await poll()).body['error']).toBe('slow_down');
  expect((await decide(userCode, 'allow', userId)).text).toContain('signed in');
  const answers = await Promise.all(Array.from({ length: 20 }, () => poll()));
  const given = answers.filter(({ status }) => status === 200);
  expect(given).toHaveLength(1);
  const { body } = await ask('GET', '/_matrix/client/v3/account/whoami', {
    token: String(given[0]?.body['access_token']),
  });
  expect(body).toMatchObject({ user_id: userId, device_id: 'CLI0123456' });
  expect((await poll()).body['error']).toBe('expired_token');
});

test('a device that was refused, whose code ran out, or that was never known, is told so', async () => {
  const refused = await begin();
  await decide(refused.userCode, 'deny');
  expect((await refused.poll()).body['error']).toBe('access_denied');
  const late = await begin();
  await DB.prepare(`update grants set expires_ts = 1 where status = 'pending'`).run();
  expect((await late.poll()).body['error']).toBe('expired_token');
  const browser = new TestBrowser();
  await browser.signIn('/link', (await aLoggedInUser()).userId);
  await browser.get('/link');
  expect((await browser.send('/link', { action: 'find', user_code: late.userCode })).status).toBe(404);
  expect((await browser.send('/link', { action: 'allow', user_code: late.userCode })).status).toBe(404);
});

test('a device code is for its client, which registered for it', async () => {
  const { poll, userCode } = await begin();
  await decide(userCode, 'allow');
  const other = String((await register({ ...CLIENT, client_name: 'Other' })).body['client_id']);
  expect((await poll(other)).body['error']).toBe('invalid_grant');
  const none = String((await register({ ...CLIENT, grant_types: ['authorization_code'] })).body['client_id']);
  const begun = await post('/_eyrie/oauth/device', { client_id: none, scope: scopeOf('CLI0123456') });
  expect(begun.body['error']).toBe('unauthorized_client');
});
