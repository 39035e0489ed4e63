import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, askWith } from '../../../support/worker/ask.ts';

const PATH = '/_eyrie/admin/v1/settings';
const { DB } = env as unknown as { DB: D1Database };

interface Described {
  readonly revision: number;
  readonly settings: Record<string, { value: unknown; default: unknown; fixed: boolean; updated_ts: number }>;
}

const read = async (token: string) => (await ask('GET', PATH, { token })).body as unknown as Described;

test('settings are for administrators', async () => {
  const { token } = await aLoggedInUser();
  expect(await ask('GET', PATH)).toMatchObject({ status: 401, body: { errcode: 'M_MISSING_TOKEN' } });
  for (const method of ['GET', 'PUT']) {
    const body = method === 'PUT' ? { settings: { 'federation.enabled': false } } : undefined;
    const answer = await ask(method, PATH, body === undefined ? { token } : { token, body });
    expect(answer).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
});

test('a change is merged, counted, told with its default, and in the audit log', async () => {
  const { token, userId } = await anAdministrator();
  const before = await read(token);
  const put = await ask('PUT', PATH, { token, body: { settings: { 'rooms.default_version': '10' } } });
  expect(put).toMatchObject({
    status: 200,
    body: { revision: before.revision + 1, changed: ['rooms.default_version'] },
  });
  const after = await read(token);
  expect(after.revision).toBe(before.revision + 1);
  expect(after.settings['rooms.default_version']).toMatchObject({ value: '10', default: '12', fixed: false });
  expect(after.settings['edu.typing']).toEqual(before.settings['edu.typing']);
  const capabilities = await ask('GET', '/_matrix/client/v3/capabilities', { token });
  expect(capabilities.body).toMatchObject({ capabilities: { 'm.room_versions': { default: '10' } } });
  const { results } = await DB.prepare('select user_id, detail from audit_log').all<{
    user_id: string;
    detail: string;
  }>();
  expect(results).toContainEqual({
    user_id: userId,
    detail: JSON.stringify({ 'rooms.default_version': { from: '12', to: '10' } }),
  });
});

test.each([
  ['an unknown key', 'federation.enabld', true, 'unknown-key'],
  ['a text for a switch', 'federation.enabled', 'no', 'bad-bool'],
  ['a room version that is none', 'rooms.default_version', '99', 'bad-version'],
  ['a fraction', 'rooms.max_public_members', 1.5, 'bad-number'],
  ['a negative number', 'rooms.max_public_members', -1, 'bad-number'],
  ['a time that is too short', 'check.network_timeout_ms', 99, 'bad-number'],
  ['a time that is too long', 'check.user_timeout_ms', 30_001, 'bad-number'],
  ['a text for a switch of rooms', 'rooms.encrypted', 'true', 'bad-bool'],
  ['a server name that is none', 'federation.allow_list', ['a.org', 'not a name'], 'bad-entry'],
  ['a notary that is no server', 'federation.notaries', ['*.a.org'], 'bad-entry'],
  ['too many notaries', 'federation.notaries', 'a.org,b.org,c.org,d.org,e.org,f.org', 'bad-entry'],
  ['a URL in the allow list', 'federation.allow_list', ['https://a.org'], 'bad-entry'],
])('%s is refused with a sentence, and nothing of the request is saved', async (_name, key, value, code) => {
  const { token } = await anAdministrator();
  const before = await read(token);
  const put = await ask('PUT', PATH, { token, body: { settings: { 'edu.receipts': false, [key]: value } } });
  expect(put).toMatchObject({ status: 400, body: { errcode: 'EYRIE_INVALID_SETTING', errors: [{ key, code }] } });
  const [fault] = put.body['errors'] as { message: string }[];
  expect(fault?.message).toMatch(/^[A-Z].+\.$/);
  expect(await read(token)).toEqual(before);
});

test('the entry of the allow list at fault is named', async () => {
  const { token } = await anAdministrator();
  const body = { settings: { 'federation.allow_list': ['ok.org', '*.ok.org', '*'] } };
  expect((await ask('PUT', PATH, { token, body })).body).toMatchObject({ errors: [{ index: 2 }] });
});

test('the allow list is taken as a list or as one text, and case does not count', async () => {
  const { token } = await anAdministrator();
  await ask('PUT', PATH, { token, body: { settings: { 'federation.allow_list': 'Example.org, *.b.org' } } });
  expect((await read(token)).settings['federation.allow_list']?.value).toEqual(['example.org', '*.b.org']);
  await ask('PUT', PATH, { token, body: { settings: { 'federation.allow_list': [] } } });
  expect((await read(token)).settings['federation.allow_list']?.value).toEqual([]);
});

test('what the start of the server fixed is shown so and cannot be changed', async () => {
  const { token } = await anAdministrator();
  expect((await read(token)).settings['registration.mode']).toMatchObject({ value: 'open', fixed: true });
  const put = await ask('PUT', PATH, { token, body: { settings: { 'registration.mode': 'token' } } });
  expect(put).toMatchObject({ status: 409, body: { errcode: 'EYRIE_CONFLICT', reason: 'fixed' } });
});

test('registration follows its setting where the start left it open', async () => {
  const { token } = await anAdministrator();
  const free = askWith({ EYRIE_REGISTRATION: null, EYRIE_BOOTSTRAP_TOKEN: null });
  const register = () =>
    free('POST', '/_matrix/client/v3/register', {
      body: { username: `f${crypto.randomUUID().slice(0, 8)}`, password: 'x', auth: { type: 'm.login.dummy' } },
    });
  expect((await register()).status).not.toBe(200);
  await free('PUT', PATH, { token, body: { settings: { 'registration.mode': 'open' } } });
  expect((await register()).status).toBe(200);
  await free('PUT', PATH, { token, body: { settings: { 'registration.mode': 'closed' } } });
  expect((await register()).status).not.toBe(200);
});

test('of two changes to one revision the second is a conflict', async () => {
  const { token } = await anAdministrator();
  const { revision } = await read(token);
  const change = (limit: number) =>
    ask('PUT', PATH, { token, body: { settings: { 'rooms.max_public_members': limit }, if_revision: revision } });
  const answers = await Promise.all([change(11), change(12), change(13)]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(2);
  expect((await read(token)).revision).toBe(revision + 1);
});

test('a dry run checks and saves nothing', async () => {
  const { token } = await anAdministrator();
  const before = await read(token);
  const put = await ask('PUT', PATH, { token, body: { settings: { 'rooms.default_version': '1' }, dry_run: true } });
  expect(put).toMatchObject({ status: 200, body: { warnings: [{ key: 'rooms.default_version' }] } });
  expect(await read(token)).toEqual(before);
});

test('a stored setting that cannot be read is named, and a new value mends it', async () => {
  const { token } = await anAdministrator();
  const misconfigured = async () => (await ask('GET', PATH, { token })).body['misconfigured'];
  expect(await misconfigured()).toEqual([]);
  await DB.prepare(`insert or replace into settings (key, value) values ('federation.allow_list', '{')`).run();
  const { body } = await ask('GET', PATH, { token });
  expect(body).toMatchObject({
    misconfigured: ['federation.allow_list'],
    settings: { 'federation.allow_list': { value: [] }, 'federation.enabled': { value: false } },
  });
  // Also the one that stands in for it.
  const settings = { 'federation.allow_list': [] };
  expect((await ask('PUT', PATH, { token, body: { settings } })).status).toBe(200);
  expect((await ask('GET', PATH, { token })).body).toMatchObject({
    misconfigured: [],
    settings: { 'federation.enabled': { value: true } },
  });
});
