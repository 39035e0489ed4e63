import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

const PATH = '/_eyrie/admin/v1/allow_list/test';

test('only administrators have the allow list tested', async () => {
  const { token } = await aLoggedInUser();
  const body = { servers: ['example.com'] };
  expect(await ask('POST', PATH, { body })).toMatchObject({ status: 401 });
  expect(await ask('POST', PATH, { token, body })).toMatchObject({ status: 403 });
});

test.each([
  ['example.com', 'example.com', true],
  ['example.com', 'EXAMPLE.com', true],
  ['example.com', 'example.com:8448', true],
  ['example.com', 'evil-example.com', false],
  ['example.com', 'example.com.evil.org', false],
  ['example.com', 'sub.example.com', false],
  ['*.example.com', 'sub.example.com', true],
  ['*.example.com', 'a.sub.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', '.example.com', false],
  ['*.example.com', 'evil-example.com', false],
])('by the list [%s] the server %s: %s', async (entry, server, allowed) => {
  const { token } = await anAdministrator();
  const { status, body } = await ask('POST', PATH, {
    token,
    body: { servers: [server], allow_list: ['other.org', entry] },
  });
  expect(status).toBe(200);
  expect(body).toEqual({ [server]: { allowed, matched_by: allowed ? entry : null, reason: expect.any(String) } });
});

test('without a list the one in force counts, and a test changes nothing', async () => {
  const { token } = await anAdministrator();
  const tested = async () => (await ask('POST', PATH, { token, body: { servers: ['a.example', 'no server'] } })).body;
  const noServer = { allowed: false, matched_by: null, reason: 'This is not a server name.' };
  expect(await tested()).toMatchObject({ 'a.example': { allowed: true, matched_by: null }, 'no server': noServer });
  await ask('POST', PATH, { token, body: { servers: ['a.example'], allow_list: 'b.example' } });
  expect(await tested()).toMatchObject({ 'a.example': { allowed: true } });
  const put = (list: readonly string[]) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'federation.allow_list': list } } });
  await put(['b.example']);
  expect(await tested()).toMatchObject({ 'a.example': { allowed: false, matched_by: null }, 'no server': noServer });
  await put([]);
});

test('a list that the setting would refuse is refused with the entry, and so is a test of nothing or of too much', async () => {
  const { token } = await anAdministrator();
  const refused = await ask('POST', PATH, { token, body: { servers: ['a.example'], allow_list: ['a.example', '*'] } });
  expect(refused).toMatchObject({
    status: 400,
    body: { errcode: 'EYRIE_INVALID_SETTING', errors: [{ code: 'bad-entry', index: 1 }] },
  });
  for (const servers of [[], Array.from({ length: 101 }, () => 'a.example'), ['a'.repeat(256)], 'a.example']) {
    expect(await ask('POST', PATH, { token, body: { servers } })).toMatchObject({ status: 400 });
  }
});
