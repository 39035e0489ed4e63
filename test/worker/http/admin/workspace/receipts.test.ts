import { afterEach, expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, say } from '../../../../support/worker/a-peer.ts';
import { admin, aWorkspace } from '../../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, ask } from '../../../../support/worker/ask.ts';
import { eventually } from '../../../../support/worker/eventually.ts';

afterEach(forgetPeers);

const post = async ({ asToken }: TestAppservice, ...receipts: readonly object[]) => {
  const { status, body } = await ask('POST', admin('/receipts'), { token: asToken, body: { receipts } });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body['results'];
};

/** A room of somebody else with a user of a workspace in it, and three messages. */
async function aReadRoom() {
  const [alice, workspace] = [await aLoggedInUser('alice'), await aWorkspace()];
  const user = await anOwnedUser(workspace, 'reader');
  const roomId = await aRoom(alice);
  await askAs(workspace, user, 'POST', inRoom(roomId, '/join'), {});
  const events = [];
  for (const text of ['one', 'two', 'three']) events.push(await say(alice, roomId, text));
  const [one = '', two = '', three = ''] = events;
  return { alice, workspace, user, roomId, one, two, three };
}

const receiptsSeenBy = async (token: string, roomId: string) => {
  const { body } = await ask('GET', '/_matrix/client/v3/sync', { token });
  const { rooms } = body as { rooms?: { join?: Record<string, { ephemeral: { events: { content: object }[] } }> } };
  return rooms?.join?.[roomId]?.ephemeral.events.map(({ content }) => content);
};

test('of several events the latest counts, and one event goes to another server', async () => {
  const { alice, workspace, user, roomId, one, two, three } = await aReadRoom();
  const peer = aPeer();
  await joinFrom(peer, roomId);
  const receipt = { room_id: roomId, user_id: user };
  const told = { room_id: roomId, user_id: user, event_id: two };
  expect(await post(workspace, { ...receipt, event_ids: [two, '$unknown', one] })).toEqual([told]);
  // It never moves back.
  expect(await post(workspace, { ...receipt, event_ids: [one] })).toEqual([told]);
  const read = { 'm.read': { [user]: { ts: expect.any(Number) } } };
  await eventually(async () => expect(await receiptsSeenBy(alice.token, roomId)).toEqual([{ [two]: read }]));
  const receipts = () => peer.edus().filter(({ edu_type: type }) => type === 'm.receipt');
  await eventually(() =>
    expect(receipts()).toEqual([
      {
        edu_type: 'm.receipt',
        content: { [roomId]: { 'm.read': { [user]: { event_ids: [two], data: { ts: expect.any(Number) } } } } },
      },
    ]),
  );
  expect(await post(workspace, { ...receipt, event_ids: [three, one] })).toEqual([{ ...told, event_id: three }]);
});

test('every receipt stands or fails alone, with why', async () => {
  const { alice, workspace, user, roomId, one, two } = await aReadRoom();
  const outside = await anOwnedUser(workspace, 'outside');
  const results = await post(
    workspace,
    { room_id: roomId, user_id: user, event_ids: ['$unknown'] },
    { room_id: roomId, user_id: alice.userId, event_ids: [one] },
    { room_id: roomId, user_id: outside, event_ids: [one] },
    { room_id: '!nothing:eyrie.test', user_id: user, event_ids: [one] },
    { room_id: roomId, user_id: user, event_ids: [two], thread_id: one },
    { room_id: roomId, user_id: user, event_ids: [two], thread_id: 'main' },
    { room_id: roomId, user_id: user, event_ids: [one], type: 'm.read.private' },
  );
  expect(results).toMatchObject([
    { user_id: user, reason: 'unknown-event' },
    { user_id: alice.userId, reason: 'not-your-user' },
    { user_id: outside, reason: 'not-in-room' },
    { room_id: '!nothing:eyrie.test', reason: 'unknown-room' },
    { user_id: user, reason: 'other-thread' },
    { user_id: user, event_id: two },
    { user_id: user, event_id: one },
  ]);
});

test.each([
  { event_ids: [] },
  { event_ids: ['two'] },
  { type: 'm.fully_read' },
  { thread_id: '' },
  { user_id: 'reader' },
  { room_id: 'room' },
  { ts: 1 },
])('a receipt by %j is refused', async (changes) => {
  const { asToken } = await aWorkspace();
  const receipt = { room_id: '!room:eyrie.test', user_id: '@user:eyrie.test', event_ids: ['$event'], ...changes };
  expect((await ask('POST', admin('/receipts'), { token: asToken, body: { receipts: [receipt] } })).status).toBe(400);
});
