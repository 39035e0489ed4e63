import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';

import { readRegistration } from '../../../../src/appservice/registration.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

const ADMIN = '/_eyrie/admin/v1';
const pathOf = (id: string) => `${ADMIN}/appservices/${id}/connect`;
const anId = () => `workspace-${crypto.randomUUID().slice(0, 8)}`;

/** What was asked of the workspace, and how it answers. */
let pings: { readonly url: string; readonly authorization: string | null }[] = [];
let status = 200;
beforeEach(() => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    pings.push({ url, authorization: new Headers(init?.headers).get('authorization') });
    return Response.json({}, { status });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  pings = [];
  status = 200;
});

const settingsOf = async (token: string) => {
  const { body } = await ask('GET', `${ADMIN}/settings`, { token });
  const settings = body['settings'] as Record<string, { value: unknown }>;
  return Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [key, value]));
};

test('a workspace is connected in one call, which shows its tokens once, its file, and that it is reached', async () => {
  const { token } = await anAdministrator();
  const id = anId();
  const { status: made, body } = await ask('POST', pathOf(id), { token, body: { url: 'https://chat.test/' } });
  expect(made).toBe(200);
  const registration = body['registration'] as Record<string, unknown>;
  expect(registration).toMatchObject({
    id,
    url: 'https://chat.test',
    sender_localpart: id,
    namespaces: { users: [{ exclusive: false, regex: String.raw`@.*:eyrie\.test` }] },
    receive_ephemeral: true,
    rate_limited: false,
    'eyrie.admin': true,
  });
  const { as_token: asToken, hs_token: hsToken } = registration as { as_token: string; hs_token: string };
  expect(pings).toEqual([{ url: 'https://chat.test/_matrix/app/v1/ping', authorization: `Bearer ${hsToken}` }]);
  expect(body['ping']).toEqual({ ok: true, duration_ms: expect.any(Number) as unknown });
  expect(body['configuration']).toMatchObject({
    server_name: 'eyrie.test',
    as_token: asToken,
    hs_token: hsToken,
    sender: `@${id}:eyrie.test`,
    listens_at: 'https://chat.test/_matrix/app/v1',
  });
  const file = parse(String(body['registration_yaml'])) as JsonObject;
  expect(file).toEqual(registration);
  expect(readRegistration(file, { isPrivate: () => false, allowPrivateAddresses: false })).toMatchObject({
    ok: true,
    value: { asToken, hsToken },
  });
  expect(await ask('GET', '/_matrix/client/v3/account/whoami', { token: asToken })).toMatchObject({
    status: 200,
    body: { user_id: `@${id}:eyrie.test` },
  });
  const shown = await ask('GET', `${ADMIN}/appservices/${id}`, { token });
  expect(JSON.stringify(shown.body)).not.toContain(asToken);
  expect(JSON.stringify(shown.body)).not.toContain(hsToken);
});

test('one that answers, but does not know the token yet, is reached; it is pinged again later', async () => {
  const { token } = await anAdministrator();
  const id = anId();
  status = 403;
  const { body } = await ask('POST', pathOf(id), { token, body: { url: 'https://chat.test' } });
  expect(body['ping']).toMatchObject({ ok: false, reached: true, errcode: 'M_BAD_STATUS' });
  vi.mocked(globalThis.fetch).mockRejectedValueOnce(new TypeError('connection refused'));
  const away = await ask('POST', `${ADMIN}/appservices/${id}/ping`, { token });
  expect(away.body).toMatchObject({ ok: false, reached: false, errcode: 'M_CONNECTION_FAILED' });
  status = 200;
  const again = await ask('POST', `${ADMIN}/appservices/${id}/ping`, { token });
  expect(again).toMatchObject({ status: 200, body: { ok: true } });
});

test('a field that is not known is named', async () => {
  const { token } = await anAdministrator();
  const { status: refused, body } = await ask('POST', pathOf(anId()), { token, body: { url: null, uri: 'x' } });
  expect([refused, body]).toEqual([400, { errcode: 'M_BAD_JSON', error: 'Unknown: uri' }]);
});

test('without a URL it is told where the stream is, and nobody is pinged', async () => {
  const { token } = await anAdministrator();
  const id = anId();
  const { body } = await ask('POST', pathOf(id), { token, body: { url: null, exclusive: true } });
  expect(body).toMatchObject({
    ping: null,
    configuration: { stream_url: expect.stringMatching(/^wss?:\/\/.*\/_eyrie\/appservice\/v1\/stream$/) as unknown },
    registration: { url: null, namespaces: { users: [{ exclusive: true }] } },
  });
  expect(pings).toEqual([]);
  const ping = await ask('POST', `${ADMIN}/appservices/${id}/ping`, { token });
  expect(ping).toMatchObject({ status: 400, body: { errcode: 'M_URL_NOT_SET' } });
  // Nobody else could register any more.
  expect((await ask('DELETE', `${ADMIN}/appservices/${id}`, { token })).status).toBe(200);
});

test('an id that is there keeps its tokens, unless they are to be renewed', async () => {
  const { token } = await anAdministrator();
  const id = anId();
  const first = await ask('POST', pathOf(id), { token, body: { url: null } });
  const { as_token: old } = first.body['registration'] as { as_token: string };
  const again = await ask('POST', pathOf(id), { token, body: { url: null } });
  expect(again).toMatchObject({ status: 409, body: { errcode: 'EYRIE_CONFLICT' } });
  expect((await ask('GET', '/_matrix/client/v3/account/whoami', { token: old })).status).toBe(200);
  const renewed = await ask('POST', pathOf(id), { token, body: { url: null, renew: true } });
  const { as_token: fresh } = renewed.body['registration'] as { as_token: string };
  expect(fresh).not.toBe(old);
  expect((await ask('GET', '/_matrix/client/v3/account/whoami', { token: old })).status).toBe(401);
  expect((await ask('GET', '/_matrix/client/v3/account/whoami', { token: fresh })).status).toBe(200);
});

test('the settings of a workspace are offered, and set where that is wanted, but those that are kept', async () => {
  const { token } = await anAdministrator();
  const before = await settingsOf(token);
  const offered = await ask('POST', pathOf(anId()), { token, body: { url: null } });
  expect(offered.body['profile']).toMatchObject({
    applied: false,
    changes: expect.arrayContaining([
      { key: 'rooms.default_version', from: '12', to: '10' },
      { key: 'edu.presence', from: true, to: false },
      { key: 'federation.enabled', from: true, to: false },
    ]) as unknown,
  });
  expect(await settingsOf(token)).toEqual(before);
  const keep = ['federation.enabled'];
  const applied = await ask('POST', pathOf(anId()), { token, body: { url: null, apply_profile: true, keep } });
  expect(applied.body['profile']).toMatchObject({ applied: true });
  const { changes } = applied.body['profile'] as { changes: { key: string; to: unknown }[] };
  expect(await settingsOf(token)).toEqual({
    ...before,
    ...Object.fromEntries(changes.map(({ key, to }) => [key, to])),
  });
  expect(changes.map(({ key }) => key)).not.toContain('federation.enabled');
  const nothingLeft = await ask('POST', pathOf(anId()), { token, body: { url: null, keep } });
  expect(nothingLeft.body['profile']).toMatchObject({ changes: [], applied: false });
});

test.each<[string, object]>([
  ['no url', {}],
  ['a url that is none', { url: 'chat' }],
  ['a url over plain HTTP that is not private', { url: 'http://chat.test' }],
  ['a field that is not known', { url: null, apply: true }],
  ['a setting to keep that is not of the profile', { url: null, keep: ['media.url_previews'] }],
  ['a sender that is no user', { url: null, sender_localpart: 'A B' }],
])('a workspace with %s is refused, and nothing is registered', async (_what, body) => {
  const { token } = await anAdministrator();
  const id = anId();
  expect((await ask('POST', pathOf(id), { token, body: { ...body, apply_profile: true } })).status).toBe(400);
  expect((await ask('GET', `${ADMIN}/appservices/${id}`, { token })).status).toBe(404);
});

test('only administrators connect and ping', async () => {
  const { token } = await aLoggedInUser();
  for (const path of [pathOf('a'), `${ADMIN}/appservices/a/ping`]) {
    expect((await ask('POST', path, { body: {} })).status).toBe(401);
    expect((await ask('POST', path, { token, body: {} })).status).toBe(403);
  }
});
