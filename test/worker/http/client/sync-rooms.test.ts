import { expect, test } from 'vitest';

import { logIn } from '../../../support/worker/ask.ts';
import { aClient, clientOf, idsOf, type ShownEvent, type SyncBody } from '../../../support/worker/client.ts';

const typesOf = (events: readonly ShownEvent[] | undefined) => (events ?? []).map(({ type }) => type);

test('an invitation shows the room and who invites, stripped of all else', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  await alice.ask('PUT', `/profile/${alice.userId}/displayname`, { displayname: 'Alice' });
  const roomId = await alice.create({ preset: 'private_chat', name: 'Secret', invite: [bob.userId] });
  const events = (await bob.sync()).rooms?.invite?.[roomId]?.invite_state.events ?? [];
  expect(typesOf(events)).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name', 'm.room.join_rules']));
  for (const event of events) expect(Object.keys(event).toSorted()).toEqual(['content', 'sender', 'state_key', 'type']);
  const nameOf = (userId: string) => events.find((event) => event.state_key === userId)?.content;
  expect(nameOf(alice.userId)).toEqual({ membership: 'join', displayname: 'Alice' });
  expect(nameOf(bob.userId)).toEqual({ membership: 'invite' });
});

test.each([
  ['rejected', 'bob'],
  ['withdrawn', 'alice'],
])('an invitation that is %s ends with an event that holds the reason', async (_how, who) => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'private_chat', invite: [bob.userId] });
  const { next_batch: since } = await bob.sync();
  if (who === 'bob') await bob.inRoom('POST', roomId, 'leave', { reason: 'no time' });
  else await alice.inRoom('POST', roomId, 'kick', { user_id: bob.userId, reason: 'no time' });
  const { rooms } = await bob.syncUntil((body) => body.rooms?.leave !== undefined, { since });
  const events = rooms?.leave?.[roomId]?.timeline.events ?? [];
  expect(events.map(({ state_key: key, content }) => [key, content])).toEqual([
    [bob.userId, { membership: 'leave', reason: 'no time' }],
  ]);
});

test('who rejected an invitation and joins later pages back to the beginning from what they were told', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'public_chat', invite: [bob.userId] });
  const said = await alice.say(roomId, 'before all');
  const { next_batch: since } = await bob.sync();
  await bob.inRoom('POST', roomId, 'leave', {});
  const { rooms } = await bob.syncUntil((body) => body.rooms?.leave !== undefined, { since });
  const from = String(rooms?.leave?.[roomId]?.timeline.prev_batch);
  expect((await bob.inRoom('GET', roomId, `messages?dir=b&from=${from}`)).status).toBe(403);
  await bob.inRoom('POST', roomId, 'join', {});
  const { status, body } = await bob.inRoom('GET', roomId, `messages?dir=b&from=${from}&limit=50`);
  const ids = idsOf(body['chunk'] as ShownEvent[]);
  expect([status, ids.includes(said), ids.includes(idsOf(rooms?.leave?.[roomId]?.timeline.events)[0] ?? '')]).toEqual([
    200,
    true,
    false,
  ]);
});

test('who was in a room and loses a later invitation is told why', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'private_chat', invite: [bob.userId] });
  await bob.join(roomId);
  await bob.inRoom('POST', roomId, 'leave', {});
  await alice.say(roomId, 'he is gone');
  await alice.inRoom('POST', roomId, 'invite', { user_id: bob.userId });
  const { next_batch: since } = await bob.syncUntil((body) => body.rooms?.invite !== undefined);
  await alice.inRoom('POST', roomId, 'kick', { user_id: bob.userId, reason: 'too late' });
  const { rooms } = await bob.syncUntil((body) => body.rooms?.leave !== undefined, { since });
  expect(rooms?.leave?.[roomId]?.timeline.events.map(({ content }) => content)).toEqual([
    { membership: 'leave', reason: 'too late' },
  ]);
});

test('with use_state_after the state is that at the end of the timeline, and there is no other', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create({ preset: 'public_chat', name: 'First' });
  const query = { use_state_after: 'true', filter: { room: { timeline: { limit: 1 } } } };
  const first = await alice.sync(query);
  await alice.inRoom('PUT', roomId, 'state/m.room.name', { name: 'Second' });
  const eventId = await alice.say(roomId, 'last');
  const last = await alice.syncUntil(({ rooms }) => idsOf(rooms?.join?.[roomId]?.timeline.events).includes(eventId), {
    ...query,
    since: first.next_batch,
  });
  const room = last.rooms?.join?.[roomId] as unknown as Record<string, { events: ShownEvent[] }>;
  expect(room['state_after']?.events.map(({ content }) => content)).toEqual([{ name: 'Second' }]);
  expect(room).not.toHaveProperty('state');
  const whole = (await alice.sync(query)).rooms?.join?.[roomId] as unknown as Record<string, { events: ShownEvent[] }>;
  expect(typesOf(whole['state_after']?.events)).toContain('m.room.create');
});

test('a transaction ID is shown to the device that used it, and to no other', async () => {
  const alice = await aClient('alice');
  const other = clientOf({ ...alice, token: String((await logIn(alice.userId)).body['access_token']) });
  const roomId = await alice.create();
  const content = { msgtype: 'm.text', body: 'mine' };
  const { body } = await alice.inRoom('PUT', roomId, 'send/m.room.message/my-txn', content);
  for (const [client, shown] of [
    [alice, 'my-txn'],
    [other, undefined],
  ] as const) {
    const { rooms } = await client.syncUntil((synced) =>
      idsOf(synced.rooms?.join?.[roomId]?.timeline.events).includes(String(body['event_id'])),
    );
    expect(rooms?.join?.[roomId]?.timeline.events.at(-1)?.unsigned?.['transaction_id']).toBe(shown);
  }
});

test('every token that /messages gives can be given back', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  for (const dir of ['f', 'b']) {
    const page = (await alice.inRoom('GET', roomId, `messages?dir=${dir}&limit=2`)).body;
    for (const name of ['start', 'end']) {
      for (const back of ['f', 'b']) {
        const again = await alice.inRoom('GET', roomId, `messages?dir=${back}&from=${String(page[name])}`);
        expect(again.status).toBe(200);
      }
    }
  }
});

test('the summary counts who is in the room and who is invited, as they come and go', async () => {
  const [alice, bob, carol] = [await aClient('alice'), await aClient('bob'), await aClient('carol')];
  const roomId = await alice.create();
  /** What an initial sync says once this is the last that has happened. */
  const summaryWith = async (userId: string, membership: string) => {
    const lastIn = (body: SyncBody) => body.rooms?.join?.[roomId]?.timeline.events.at(-1);
    const isThere = (last: ShownEvent | undefined) =>
      last?.state_key === userId && last.content['membership'] === membership;
    const { rooms } = await alice.syncUntil((body) => isThere(lastIn(body)));
    return rooms?.join?.[roomId]?.summary;
  };
  const counts = (joined: number, invited: number) => ({
    'm.joined_member_count': joined,
    'm.invited_member_count': invited,
  });
  await bob.join(roomId);
  expect(await summaryWith(bob.userId, 'join')).toMatchObject(counts(2, 0));
  await alice.inRoom('POST', roomId, 'invite', { user_id: carol.userId });
  expect(await summaryWith(carol.userId, 'invite')).toMatchObject(counts(2, 1));
  await carol.join(roomId);
  expect(await summaryWith(carol.userId, 'join')).toMatchObject(counts(3, 0));
  await bob.inRoom('POST', roomId, 'leave', {});
  expect(await summaryWith(bob.userId, 'leave')).toMatchObject(counts(2, 0));
});
