import { expect, test } from 'vitest';

import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';

test.each([
  ['displayname', {}, '400 M_MISSING_PARAM'],
  ['displayname', [], '400 M_BAD_JSON'],
  ['displayname', { displayname: 1 }, '400 M_BAD_JSON'],
  ['displayname', { displayname: 'x'.repeat(300) }, '400 M_PROFILE_TOO_LARGE'],
  ['m.tz', { 'm.tz': 'Europe/Vienna' }, '403 M_FORBIDDEN'],
])('setting %s to %o is refused', async (field, body, expected) => {
  const { token, userId } = await aLoggedInUser();
  const answer = await ask('PUT', `${v3}/profile/${userId}/${field}`, { token, body });
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
});

test.each(['m.tz', 'constructor', 'displayname'])('a profile without %s says so', async (field) => {
  const { userId } = await aLoggedInUser();
  const answer = await ask('GET', `${v3}/profile/${userId}/${field}`);
  expect(answer).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});

test('the fields that can be set are negotiated', async () => {
  const { token, userId } = await aLoggedInUser();
  const { body } = await ask('GET', `${v3}/capabilities`, { token });
  const fields = (body['capabilities'] as Record<string, { allowed?: string[] }>)['m.profile_fields'];
  expect(fields).toEqual({ enabled: true, allowed: ['displayname', 'avatar_url'] });
  for (const field of fields?.allowed ?? []) {
    const set = await ask('PUT', `${v3}/profile/${userId}/${field}`, {
      token,
      body: { [field]: 'mxc://eyrie.test/a' },
    });
    expect(set).toMatchObject({ status: 200 });
  }
});
