import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

const whois = (userId: string, token: string) =>
  ask('GET', `/_matrix/client/v3/admin/whois/${encodeURIComponent(userId)}`, { token });

test('users are told of their own sessions, and administrators of those of everybody', async () => {
  const [alice, admin] = [await aLoggedInUser('alice'), await anAdministrator()];
  const expected = {
    status: 200,
    body: { user_id: alice.userId, devices: { [alice.deviceId]: { sessions: [{ connections: expect.any(Array) }] } } },
  };
  expect(await whois(alice.userId, alice.token)).toMatchObject(expected);
  expect(await whois(alice.userId, admin.token)).toMatchObject(expected);
});

test('nobody else is told, not even whether there is such a user', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  for (const userId of [bob.userId, '@nobody:eyrie.test', 'nobody']) {
    expect(await whois(userId, alice.token)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
});

test('who is not here is not found by an administrator', async () => {
  const { token } = await anAdministrator();
  expect(await whois('@nobody:eyrie.test', token)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});
