import { expect, test } from 'vitest';

import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';

const ignore = (client: Client, users: readonly Client[]) =>
  client.ask('PUT', `/user/${encodeURIComponent(client.userId)}/account_data/m.ignored_user_list`, {
    ignored_users: Object.fromEntries(users.map(({ userId }) => [userId, {}])),
  });

/** Alice has a room, and Bob and Eve are in it. */
async function aRoomOfThree(): Promise<{ alice: Client; bob: Client; eve: Client; roomId: string }> {
  const [alice, bob, eve] = [await aClient('alice'), await aClient('bob'), await aClient('eve')];
  const roomId = await alice.create({ preset: 'public_chat', power_level_content_override: { state_default: 0 } });
  await bob.join(roomId);
  await eve.join(roomId);
  return { alice, bob, eve, roomId };
}

const eventsIn = (body: SyncBody, roomId: string) => body.rooms?.join?.[roomId]?.timeline.events ?? [];
const bodiesIn = (body: SyncBody, roomId: string) =>
  eventsIn(body, roomId).flatMap(({ content }) => (typeof content['body'] === 'string' ? [content['body']] : []));

test('what an ignored user says is not shown and not counted; what they set is', async () => {
  const { alice, bob, eve, roomId } = await aRoomOfThree();
  await ignore(bob, [eve]);
  const { next_batch: since } = await bob.sync();
  await eve.say(roomId, 'unheard');
  await eve.inRoom('PUT', roomId, 'state/m.room.topic', { topic: 'a topic' });
  await alice.say(roomId, 'heard');
  const body = await bob.syncUntil((synced) => bodiesIn(synced, roomId).includes('heard'), { since });
  expect(bodiesIn(body, roomId)).toEqual(['heard']);
  expect(eventsIn(body, roomId).map(({ type }) => type)).toContain('m.room.topic');
  expect(body.rooms?.join?.[roomId]?.unread_notifications?.notification_count).toBe(1);
});

test('who is ignored no more is heard from the next sync on, and the sync from the start shows everything', async () => {
  const { alice, bob, eve, roomId } = await aRoomOfThree();
  await ignore(bob, [eve]);
  await eve.say(roomId, 'before');
  await alice.say(roomId, 'mark');
  const { next_batch: since } = await bob.syncUntil((synced) => bodiesIn(synced, roomId).includes('mark'));
  await ignore(bob, []);
  await eve.say(roomId, 'after');
  const body = await bob.syncUntil((synced) => bodiesIn(synced, roomId).includes('after'), { since });
  expect(bodiesIn(body, roomId)).toEqual(['after']);
  expect(bodiesIn(await bob.sync(), roomId)).toEqual(['before', 'mark', 'after']);
});

test('invitations by ignored users are not shown, those of others are', async () => {
  const [alice, bob, eve] = [await aClient('alice'), await aClient('bob'), await aClient('eve')];
  await ignore(bob, [eve]);
  const [bad, good] = [await eve.create({ invite: [bob.userId] }), await alice.create({ invite: [bob.userId] })];
  const isInvited = (body: SyncBody) => body.rooms?.invite?.[good] !== undefined;
  expect(Object.keys((await bob.syncUntil(isInvited)).rooms?.invite ?? {})).toEqual([good]);
  await ignore(bob, []);
  expect(Object.keys((await bob.sync()).rooms?.invite ?? {})).toEqual(expect.arrayContaining([good, bad]));
});

test('typing and receipts of ignored users are not shown', async () => {
  const { alice, bob, eve, roomId } = await aRoomOfThree();
  await ignore(bob, [eve]);
  const eventId = await alice.say(roomId, 'one');
  const { next_batch: since } = await bob.syncUntil((synced) => bodiesIn(synced, roomId).includes('one'));
  await eve.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  await alice.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  const typing = (client: Client) =>
    client.inRoom('PUT', roomId, `typing/${encodeURIComponent(client.userId)}`, { typing: true, timeout: 30_000 });
  await typing(eve);
  await typing(alice);
  const ephemeral = (body: SyncBody, type: string) =>
    body.rooms?.join?.[roomId]?.ephemeral?.events.find((event) => event.type === type)?.content;
  const isTold = (synced: SyncBody) =>
    JSON.stringify(ephemeral(synced, 'm.receipt') ?? '').includes(alice.userId) &&
    JSON.stringify(ephemeral(synced, 'm.typing') ?? '').includes(alice.userId);
  const body = await bob.syncUntil(isTold, { since });
  expect(ephemeral(body, 'm.typing')).toEqual({ user_ids: [alice.userId] });
  expect(JSON.stringify(ephemeral(body, 'm.receipt'))).not.toContain(eve.userId);
});

test('an ignore list that has not its proper form ignores nobody', async () => {
  const { bob, eve, roomId } = await aRoomOfThree();
  await bob.ask('PUT', `/user/${encodeURIComponent(bob.userId)}/account_data/m.ignored_user_list`, {
    ignored_users: [eve.userId],
  });
  await eve.say(roomId, 'heard');
  await bob.syncUntil((synced) => bodiesIn(synced, roomId).includes('heard'));
  await ignore(bob, [bob]);
  await bob.say(roomId, 'own');
  await bob.syncUntil((synced) => bodiesIn(synced, roomId).includes('own'));
});
