import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, PASSWORD, statusOf } from '../../../support/worker/ask.ts';
import {
  aCode,
  answerOf,
  aRequest,
  CALLBACK,
  CLIENT,
  post,
  register,
  scopeOf,
  TestBrowser,
} from '../../../support/worker/oauth.ts';

const { DB } = env as unknown as { DB: D1Database };
const clientId = String((await register()).body['client_id']);

test('clients find the endpoints, by the stable and the older name', async () => {
  const { status, body } = await ask('GET', '/_matrix/client/v1/auth_metadata');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    issuer: 'https://eyrie.test/',
    authorization_endpoint: 'https://eyrie.test/_eyrie/oauth/authorize',
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['create'],
  });
  const older = await ask('GET', '/_matrix/client/unstable/org.matrix.msc2965/auth_metadata');
  expect(older.body).toEqual(body);
});

test('a client registers; what is not there is left out, and the same client has the same ID', async () => {
  const { status, body } = await register();
  expect(status).toBe(201);
  expect(body).toMatchObject({ client_id: clientId, token_endpoint_auth_method: 'none' });
  expect(body['grant_types']).not.toContain('implicit');
  expect((await register({ ...CLIENT, client_name: 'Another' })).body['client_id']).not.toBe(clientId);
});

test.each([
  ['web', 'http://client.example/', false],
  ['web', 'https://client.example/#x', false],
  ['web', 'https://evil.example/', false],
  ['web', 'https://notclient.example/', false],
  ['web', 'https://user@client.example/', false],
  ['web', 'http://localhost/', false],
  ['web', 'https://client.example:5173/?query=value', true],
  ['native', 'example.client.app:/callback', true],
  ['native', 'example.client:callback', true],
  ['native', 'example.client.app://callback', false],
  ['native', 'example:/callback', false],
  ['native', 'javascript:alert(1)', false],
  ['native', 'http://localhost/callback', true],
  ['native', 'http://[::1]/callback', true],
  ['native', 'http://localhost:1234/callback', false],
  ['native', 'https://localhost/callback', false],
])('a %s client may redirect to %s: %s', async (type, uri, isRight) => {
  const { status, body } = await register({ ...CLIENT, application_type: type, redirect_uris: [uri] });
  expect(isRight ? status : body['error']).toBe(isRight ? 201 : 'invalid_redirect_uri');
});

test('who signs in and agrees gives the client a session like any other, which refreshes and ends', async () => {
  const { userId } = await aLoggedInUser();
  const { redeem, request } = await aCode(userId, clientId);
  const { status, body } = await redeem();
  expect(status).toBe(200);
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
  expect(String(body['scope'])).toContain(request.params['scope']);
  const whoami = await ask('GET', '/_matrix/client/v3/account/whoami', { token: String(body['access_token']) });
  expect(whoami.body).toMatchObject({ user_id: userId, device_id: request.params['scope']?.split('device:')[1] });
  const refresh = (token: unknown, as = clientId) =>
    post('/_eyrie/oauth/token', { grant_type: 'refresh_token', refresh_token: String(token), client_id: as });
  const other = String((await register({ ...CLIENT, client_name: 'Not me' })).body['client_id']);
  expect(await refresh(body['refresh_token'], other)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  const next = await refresh(body['refresh_token']);
  expect(next.status).toBe(200);
  // A client that is told 4xx would take itself for logged out.
  expect(await refresh(body['refresh_token'])).toMatchObject({ status: 503 });
  expect(await statusOf(String(next.body['access_token']))).toBe(200);
  const revoked = await post('/_eyrie/oauth/revoke', { token: String(next.body['refresh_token']) });
  expect(revoked.status).toBe(200);
  expect(await statusOf(String(next.body['access_token']))).toBe(401);
  expect((await post('/_eyrie/oauth/revoke', { token: 'unknown' })).status).toBe(200);
});

test('whoever comes with a refresh token that was replaced ends the session', async () => {
  const { userId } = await aLoggedInUser();
  const [first, second] = [await aCode(userId, clientId), await aCode(userId, clientId)];
  const [stolen, other] = [await first.redeem(), await second.redeem()];
  const refresh = (token: unknown) =>
    post('/_eyrie/oauth/token', { grant_type: 'refresh_token', refresh_token: String(token), client_id: clientId });
  const next = await refresh(stolen.body['refresh_token']);
  expect(await statusOf(String(next.body['access_token']))).toBe(200);
  expect(await refresh(stolen.body['refresh_token'])).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await statusOf(String(next.body['access_token']))).toBe(401);
  expect(await refresh(next.body['refresh_token'])).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await statusOf(String(other.body['access_token']))).toBe(200);
});

test('a client at loopback is answered at any port, in the query', async () => {
  const { userId } = await aLoggedInUser();
  const native = { ...CLIENT, application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'] };
  const id = String((await register(native)).body['client_id']);
  const request = aRequest(id, { redirect_uri: 'http://127.0.0.1:4711/callback', response_mode: 'query' });
  const browser = new TestBrowser();
  await browser.signIn(request.path, userId);
  const shown = await browser.get(request.path);
  expect(shown.headers.get('content-security-policy')).toContain(`form-action 'self' http://127.0.0.1:4711;`);
  const { status, location } = await browser.send(request.path, { action: 'allow' });
  expect(status).toBe(303);
  expect(location).toMatch(/^http:\/\/127\.0\.0\.1:4711\/callback\?code=eyc_[^&]+&state=a\+state$/);
});

test('an address at loopback with a line end is none, and a code is redeemed with the very address that it went to', async () => {
  const native = { ...CLIENT, application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'] };
  const id = String((await register(native)).body['client_id']);
  const broken = aRequest(id, { redirect_uri: 'http://127.0.0.1:4711/\ncallback', response_type: 'token' });
  expect(await new TestBrowser().get(broken.path)).toMatchObject({ status: 400, location: '' });
  const { userId } = await aLoggedInUser();
  const { redeem } = await aCode(userId, id, aRequest(id, { redirect_uri: 'http://127.0.0.1/callback' }));
  expect(await redeem({ redirect_uri: 'http://127.0.0.1:4711/callback' })).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  });
});

test('who refuses gives nothing', async () => {
  const { userId } = await aLoggedInUser();
  const request = aRequest(clientId);
  const browser = new TestBrowser();
  await browser.signIn(request.path, userId);
  await browser.get(request.path);
  const answer = answerOf(await browser.send(request.path, { action: 'deny' }));
  expect(answer.get('error')).toBe('access_denied');
  expect(answer.get('state')).toBe('a state');
  expect(answer.has('code')).toBe(false);
});

test('a request for an unknown client or an address of others is answered to nobody but the person', async () => {
  for (const changes of [
    { client_id: 'unknown' },
    { redirect_uri: 'https://evil.example/' },
    { redirect_uri: `${CALLBACK}/x` },
  ]) {
    const { status, location, text } = await new TestBrowser().get(aRequest(clientId, changes).path);
    expect(status).toBe(400);
    expect(location).toBe('');
    expect(text).toContain('role="alert"');
  }
});

test.each([
  [{ code_challenge_method: 'plain' }, 'invalid_request'],
  [{ code_challenge: 'short' }, 'invalid_request'],
  [{ response_type: 'token' }, 'unsupported_response_type'],
  [{ scope: 'urn:matrix:client:api:*' }, 'invalid_scope'],
  [{ scope: `${scopeOf('AAAAAAAAAA')} urn:matrix:client:device:BBBBBBBBBB` }, 'invalid_scope'],
  [{ scope: scopeOf('<script>') }, 'invalid_scope'],
  [{ prompt: 'none' }, 'interaction_required'],
] as const)('a faulty request (%j) is answered at once', async (changes, error) => {
  const page = await new TestBrowser().get(aRequest(clientId, changes).path);
  expect(answerOf(page).get('error')).toBe(error);
});

test('a code is for its client, address and verifier alone, and for a minute', async () => {
  const { userId } = await aLoggedInUser();
  const other = String((await register({ ...CLIENT, client_name: 'Thief' })).body['client_id']);
  for (const changes of [
    { client_id: other },
    { redirect_uri: 'https://client.example/other?x=1' },
    { code_verifier: 'x'.repeat(43) },
  ]) {
    const { redeem } = await aCode(userId, clientId);
    expect(await redeem(changes)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    // It is used up.
    expect(await redeem()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  }
  const { redeem } = await aCode(userId, clientId);
  await DB.prepare('update grants set expires_ts = 1 where user_id = ?').bind(userId).run();
  expect(await redeem()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

test('whoever comes with a code that led to a session ends it', async () => {
  const { userId } = await aLoggedInUser();
  const [first, second] = [await aCode(userId, clientId), await aCode(userId, clientId)];
  const [stolen, other] = [await first.redeem(), await second.redeem()];
  expect(await statusOf(String(stolen.body['access_token']))).toBe(200);
  const again = await first.redeem({ code_verifier: 'x'.repeat(43) });
  expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await statusOf(String(stolen.body['access_token']))).toBe(401);
  expect(await statusOf(String(other.body['access_token']))).toBe(200);
});

test('a new password ends the codes that were given before', async () => {
  const { userId } = await aLoggedInUser();
  const { redeem } = await aCode(userId, clientId);
  const admin = await anAdministrator();
  const reset = `/_eyrie/admin/v1/users/${encodeURIComponent(userId)}/password`;
  const answer = await ask('POST', reset, { token: admin.token, body: { new_password: 'new' } });
  expect(answer.status).toBe(200);
  expect(await redeem()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

test('a wrong password, and a locked account, are told on the page', async () => {
  const { userId } = await aLoggedInUser();
  const { path } = aRequest(clientId);
  const wrong = await new TestBrowser().signIn(path, userId, 'wrong');
  expect(wrong.status).toBe(403);
  expect(wrong.text).toContain('Wrong user name or password');
  const { token } = await anAdministrator();
  await ask('PUT', `/_matrix/client/v1/admin/lock/${userId}`, { token, body: { locked: true } });
  expect((await new TestBrowser().signIn(path, userId)).text).toContain('locked');
});

test('an account is made on the page where the client asks for it', async () => {
  const { path } = aRequest(clientId, { prompt: 'create' });
  const browser = new TestBrowser();
  expect((await browser.get(path)).text).toContain('Create an account');
  const username = `page-${crypto.randomUUID().slice(0, 8)}`;
  const made = await browser.send(path, { action: 'register', username, password: PASSWORD });
  expect(made.status).toBe(303);
  expect((await browser.get(path)).text).toContain(`@${username}:eyrie.test`);
  const again = await new TestBrowser().get(path);
  expect(again.text).toContain('Create an account');
});

test('an account is made on the page only by who accepts the documents that are to be accepted', async () => {
  const { token } = await anAdministrator();
  const text = { name: 'The <terms>', url: 'https://eyrie.test/terms' };
  const require = (value: object) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'registration.policies': value } } });
  await require({ terms: { version: '1', fr: { ...text, name: 'Conditions' }, en: text } });
  const { path } = aRequest(clientId, { prompt: 'create' });
  const browser = new TestBrowser();
  expect((await browser.get(path)).text).toContain('>The &lt;terms&gt;</a>');
  const form = { action: 'register', username: `page-${crypto.randomUUID().slice(0, 8)}`, password: PASSWORD };
  const refused = await browser.send(path, form);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('have to be accepted');
  expect((await browser.send(path, { ...form, accepted: 'yes' })).status).toBe(303);
  await require({});
});

test('a form that another site sends does nothing', async () => {
  const { userId } = await aLoggedInUser();
  const { path } = aRequest(clientId);
  const browser = new TestBrowser();
  await browser.signIn(path, userId);
  await browser.get(path);
  expect((await browser.send(path, { action: 'allow', form_token: 'made-up' })).status).toBe(403);
  expect((await new TestBrowser().send(path, { action: 'allow' })).status).toBe(403);
});

test('the account page lists the sessions and ends one; a new password ends the visit', async () => {
  const { userId, token, deviceId } = await aLoggedInUser();
  const browser = new TestBrowser();
  const path = '/_eyrie/account';
  await browser.signIn(path, userId);
  expect((await browser.get(path)).text).toContain(deviceId);
  expect((await browser.get(`${path}?action=org.matrix.device_delete&device_id=nothing`)).text).not.toContain(deviceId);
  expect((await browser.send(path, { action: 'end', device_id: deviceId })).status).toBe(303);
  expect(await statusOf(token)).toBe(401);
  const admin = await anAdministrator();
  const reset = `/_eyrie/admin/v1/users/${encodeURIComponent(userId)}/password`;
  await ask('POST', reset, { token: admin.token, body: { new_password: 'new' } });
  expect((await browser.get(path)).text).toContain('Sign in');
});
