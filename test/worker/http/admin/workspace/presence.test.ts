import { afterEach, expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, type Peer } from '../../../../support/worker/a-peer.ts';
import { admin, aWorkspace } from '../../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../../support/worker/ask.ts';
import { eventually } from '../../../../support/worker/eventually.ts';

afterEach(forgetPeers);

/** Two users of a workspace, each in a room with a server of its own. */
async function twoRooms() {
  const [alice, workspace] = [await aLoggedInUser('alice'), await aWorkspace()];
  const rooms = [];
  for (const name of ['one', 'two']) {
    const user = await anOwnedUser(workspace, name);
    const roomId = await aRoom(alice);
    await askAs(workspace, user, 'POST', inRoom(roomId, '/join'), {});
    const peer = aPeer();
    await joinFrom(peer, roomId);
    rooms.push({ user, roomId, peer });
  }
  const [first, second] = rooms;
  if (first === undefined || second === undefined) throw new Error('no rooms');
  const post = (updates: readonly object[], roomIds: readonly string[]) =>
    ask('POST', admin('/presence'), { token: workspace.asToken, body: { updates, room_ids: roomIds } });
  return { alice, workspace, first, second, post };
}

const heard = (peer: Peer, userId: string) =>
  peer
    .edus()
    .filter(({ edu_type: type }) => type === 'm.presence')
    .flatMap(({ content }) => (content as { push: { user_id: string }[] }).push)
    .filter(({ user_id: user }) => user === userId);

test('the servers of the chosen rooms are told, and no others', async () => {
  const { alice, first, second, post } = await twoRooms();
  const update = { presence: 'unavailable', status_msg: 'At lunch', last_active_ago: 5_000 };
  const answer = await post(
    [
      { user_id: first.user, ...update },
      { user_id: second.user, presence: 'online', currently_active: true },
      { user_id: alice.userId, presence: 'online' },
      { user_id: '@nobody:elsewhere.example', presence: 'online' },
    ],
    [first.roomId],
  );
  expect(answer).toMatchObject({ status: 200, body: { destinations: 1 } });
  expect(answer.body['skipped']).toEqual(
    expect.arrayContaining([
      { user_id: second.user, reason: 'not-in-room' },
      { user_id: alice.userId, reason: 'not-your-user' },
      { user_id: '@nobody:elsewhere.example', reason: 'not-your-user' },
    ]),
  );
  expect(answer.body['skipped']).toHaveLength(3);
  await eventually(() =>
    expect(heard(first.peer, first.user)).toContainEqual({
      user_id: first.user,
      presence: 'unavailable',
      status_msg: 'At lunch',
      last_active_ago: expect.any(Number),
      currently_active: false,
    }),
  );
  expect(heard(first.peer, second.user)).toEqual([]);
  await post([{ user_id: second.user, presence: 'online', status_msg: 'Here' }], [first.roomId, second.roomId]);
  await eventually(() => expect(JSON.stringify(heard(second.peer, second.user))).toContain('Here'));
  expect(JSON.stringify(heard(second.peer, first.user))).not.toContain('At lunch');
});

test('with edu.presence off it is refused, and nobody is told', async () => {
  const { first, post } = await twoRooms();
  const { token } = await anAdministrator();
  const turn = (on: boolean) => ask('PUT', admin('/settings'), { token, body: { settings: { 'edu.presence': on } } });
  await turn(false);
  const refused = await post([{ user_id: first.user, presence: 'online', status_msg: 'No' }], [first.roomId]);
  await turn(true);
  expect(refused).toMatchObject({ status: 409, body: { errcode: 'EYRIE_DISABLED' } });
  await post([{ user_id: first.user, presence: 'online', status_msg: 'Yes' }], [first.roomId]);
  await eventually(() => expect(JSON.stringify(heard(first.peer, first.user))).toContain('Yes'));
  expect(JSON.stringify(heard(first.peer, first.user))).not.toContain('No');
});

test('a room that is not here is not found', async () => {
  const { first, post } = await twoRooms();
  const answer = await post([{ user_id: first.user, presence: 'online' }], [first.roomId, '!nothing:eyrie.test']);
  expect(answer).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});

test.each([
  { presence: 'busy' },
  { last_active_ago: -1 },
  { status_msg: 's'.repeat(1_001) },
  { user_id: 'user' },
  { since: 1 },
])('presence by %j is refused', async (changes) => {
  const { asToken } = await aWorkspace();
  const updates = [{ user_id: '@user:eyrie.test', presence: 'online', ...changes }];
  const body = { updates, room_ids: ['!room:eyrie.test'] };
  expect((await ask('POST', admin('/presence'), { token: asToken, body })).status).toBe(400);
});
