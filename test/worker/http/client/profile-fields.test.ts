import { expect, test } from 'vitest';

import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';

test.each([
  ['displayname', {}, '400 M_MISSING_PARAM'],
  ['displayname', [], '400 M_BAD_JSON'],
  ['displayname', { displayname: 1 }, '400 M_BAD_JSON'],
  ['displayname', { displayname: 'x'.repeat(300) }, '400 M_PROFILE_TOO_LARGE'],
  ['m.tz', { 'm.tz': 1 }, '400 M_BAD_JSON'],
  ['constructor', {}, '400 M_MISSING_PARAM'],
  ['org.example.a', { 'org.example.b': 1 }, '400 M_MISSING_PARAM'],
  ['org.example.a', { 'org.example.a': 'x'.repeat(65_536) }, '400 M_PROFILE_TOO_LARGE'],
  [`a${'b'.repeat(255)}`, {}, '400 M_KEY_TOO_LARGE'],
  ['__proto__', {}, '400 M_INVALID_PARAM'],
  ['Capital', {}, '400 M_INVALID_PARAM'],
  ['1st', {}, '400 M_INVALID_PARAM'],
])('setting %s is refused where it is wrong (%#)', async (field, body, expected) => {
  const { token, userId } = await aLoggedInUser();
  const answer = await ask('PUT', `${v3}/profile/${userId}/${field}`, { token, body });
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
});

test.each(['m.tz', 'constructor', 'displayname'])('a profile without %s says so', async (field) => {
  const { userId } = await aLoggedInUser();
  const answer = await ask('GET', `${v3}/profile/${userId}/${field}`);
  expect(answer).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});

test('fields of any type are set, read alone and with the others, replaced and removed', async () => {
  const { token, userId } = await aLoggedInUser();
  const path = `${v3}/profile/${userId}`;
  const profile = {
    displayname: 'Kestrel',
    'm.tz': 'Europe/Vienna',
    'org.example.hours': { from: 9, to: 17.5, days: ['mon', null] },
    'org.example.nothing': null,
    constructor: true,
  };
  for (const [field, value] of Object.entries(profile)) {
    expect(await ask('PUT', `${path}/${field}`, { token, body: { [field]: value } })).toMatchObject({ status: 200 });
    expect((await ask('GET', `${path}/${field}`)).body).toEqual({ [field]: value });
  }
  expect((await ask('GET', path)).body).toEqual(profile);

  await ask('PUT', `${path}/m.tz`, { token, body: { 'm.tz': 'Asia/Tokyo' } });
  expect((await ask('GET', `${path}/m.tz`)).body).toEqual({ 'm.tz': 'Asia/Tokyo' });
  for (const field of Object.keys(profile)) {
    expect(await ask('DELETE', `${path}/${field}`, { token })).toMatchObject({ status: 200 });
    expect(await ask('GET', `${path}/${field}`)).toMatchObject({ status: 404 });
  }
  expect((await ask('GET', path)).body).toEqual({});
});

test('a profile as a whole stays below 64 KiB, and what was there stays', async () => {
  const { token, userId } = await aLoggedInUser();
  const path = `${v3}/profile/${userId}`;
  const long = 'x'.repeat(60_000);
  await ask('PUT', `${path}/org.example.a`, { token, body: { 'org.example.a': long } });
  const second = await ask('PUT', `${path}/org.example.b`, { token, body: { 'org.example.b': long } });
  expect(second).toMatchObject({ status: 400, body: { errcode: 'M_PROFILE_TOO_LARGE' } });
  expect((await ask('GET', path)).body).toEqual({ 'org.example.a': long });
  // One that is replaced does not count twice.
  const again = await ask('PUT', `${path}/org.example.a`, { token, body: { 'org.example.a': `${long}y` } });
  expect(again).toMatchObject({ status: 200 });
});

test("nobody changes another user's profile", async () => {
  const [{ token }, { userId }] = [await aLoggedInUser(), await aLoggedInUser()];
  for (const method of ['PUT', 'DELETE'] as const) {
    const body = method === 'PUT' ? { body: { 'm.tz': 'Europe/Vienna' } } : {};
    const answer = await ask(method, `${v3}/profile/${userId}/m.tz`, { token, ...body });
    expect(answer).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
});

test('all fields can be set, as the capability says', async () => {
  const { token } = await aLoggedInUser();
  const { body } = await ask('GET', `${v3}/capabilities`, { token });
  expect((body['capabilities'] as Record<string, unknown>)['m.profile_fields']).toEqual({ enabled: true });
});
