import { afterEach, expect, test, vi } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../../support/worker/ask.ts';

afterEach(() => {
  vi.restoreAllMocks();
  forgetPeers();
});

const mutual = ({ token }: TestUser, query: string) => ask('GET', `/_matrix/client/v1/mutual_rooms${query}`, { token });

test('rooms that both are in are listed, of users here and elsewhere', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const shared = await aRoom(alice);
  const invited = await aRoom(alice, { invite: [bob.userId] });
  await aRoom(bob);
  await ask('POST', inRoom(shared, '/join'), { token: bob.token, body: {} });
  const eve = await joinFrom(aPeer(), shared);
  for (const userId of [bob.userId, eve.userId]) {
    const { status, body } = await mutual(alice, `?user_id=${encodeURIComponent(userId)}`);
    expect([status, body]).toEqual([200, { joined: [shared], count: 1 }]);
  }
  await ask('POST', inRoom(invited, '/join'), { token: bob.token, body: {} });
  await ask('POST', inRoom(shared, '/leave'), { token: bob.token, body: {} });
  const { body } = await mutual(bob, `?user_id=${encodeURIComponent(alice.userId)}`);
  expect(body).toEqual({ joined: [invited], count: 1 });
});

test('who is nobody shares no room', async () => {
  const alice = await aLoggedInUser('alice');
  await aRoom(alice);
  const { body } = await mutual(alice, '?user_id=%40nobody%3Aeyrie.test');
  expect(body).toEqual({ joined: [], count: 0 });
});

test('who asks about themselves, about no user ID, or from a made up page is refused', async () => {
  const alice = await aLoggedInUser('alice');
  const own = `?user_id=${encodeURIComponent(alice.userId)}`;
  for (const query of [own, '?user_id=bob', '?user_id=%40bob%3Aeyrie.test&from=7']) {
    expect(await mutual(alice, query)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
  }
  expect(await mutual(alice, '')).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
});
