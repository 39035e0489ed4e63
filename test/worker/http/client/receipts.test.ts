import { expect, test } from 'vitest';

import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';

/** Alice has a room, and Bob is in it. */
async function aSharedRoom(): Promise<{ alice: Client; bob: Client; roomId: string }> {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await bob.join(roomId);
  return { alice, bob, roomId };
}

async function inThread(client: Client, roomId: string, root: string): Promise<string> {
  const content = { msgtype: 'm.text', body: 'in a thread', 'm.relates_to': { rel_type: 'm.thread', event_id: root } };
  const path = `send/m.room.message/${crypto.randomUUID()}`;
  return String((await client.inRoom('PUT', roomId, path, content)).body['event_id']);
}

const unreadIn = (roomId: string) => (body: SyncBody) =>
  body.rooms?.join?.[roomId]?.unread_notifications?.notification_count;
const receiptsIn = (roomId: string) => (body: SyncBody) =>
  body.rooms?.join?.[roomId]?.ephemeral?.events.find(({ type }) => type === 'm.receipt')?.content;

test('a private receipt reaches the own devices as a receipt and lowers the unread count', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  await alice.say(roomId, 'one');
  const eventId = await alice.say(roomId, 'two');
  const before = await bob.syncUntil((body) => unreadIn(roomId)(body) === 2);
  expect(await bob.inRoom('POST', roomId, `receipt/m.read.private/${eventId}`, {})).toMatchObject({ status: 200 });
  const after = await bob.sync({ since: before.next_batch, timeout: '10000' });
  expect(receiptsIn(roomId)(after)).toEqual({
    [eventId]: { 'm.read.private': { [bob.userId]: { ts: expect.any(Number) } } },
  });
  expect(unreadIn(roomId)(after)).toBe(0);
  expect(receiptsIn(roomId)(await bob.sync())).toMatchObject({ [eventId]: { 'm.read.private': {} } });
});

test('nobody else is told of a private receipt', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const eventId = await alice.say(roomId, 'one');
  await bob.inRoom('POST', roomId, `receipt/m.read.private/${eventId}`, {});
  await bob.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  const body = await alice.syncUntil((synced) => receiptsIn(roomId)(synced) !== undefined);
  expect(receiptsIn(roomId)(body)).toEqual({ [eventId]: { 'm.read': { [bob.userId]: { ts: expect.any(Number) } } } });
});

test('the unread count changes also for who wants to see no receipts', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const eventId = await alice.say(roomId, 'one');
  const before = await bob.syncUntil((body) => unreadIn(roomId)(body) === 1);
  await bob.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  const filter = { room: { ephemeral: { types: [] } } };
  const after = await bob.sync({ since: before.next_batch, timeout: '10000', filter });
  expect([unreadIn(roomId)(after), receiptsIn(roomId)(after)]).toEqual([0, undefined]);
});

test('who answers has read what came before', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  await alice.say(roomId, 'one');
  await bob.syncUntil((body) => unreadIn(roomId)(body) === 1);
  await bob.say(roomId, 'an answer');
  await bob.syncUntil((body) => unreadIn(roomId)(body) === 0);
});

test('receipts of the main timeline and of a thread are counted apart', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const root = await alice.say(roomId, 'root');
  const inside = await inThread(alice, roomId, root);
  const main = await alice.say(roomId, 'beside');
  const filter = { room: { timeline: { unread_thread_notifications: true } } };
  await bob.syncUntil((body) => unreadIn(roomId)(body) === 3);
  const one = { notification_count: 1, highlight_count: 0 };
  expect((await bob.sync({ filter })).rooms?.join?.[roomId]).toMatchObject({
    unread_notifications: { notification_count: 2, highlight_count: 0 },
    unread_thread_notifications: { [root]: one },
  });
  await bob.inRoom('POST', roomId, `receipt/m.read/${main}`, { thread_id: 'main' });
  await bob.syncUntil((body) => unreadIn(roomId)(body) === 1);
  await bob.inRoom('POST', roomId, `receipt/m.read/${inside}`, { thread_id: root });
  await bob.syncUntil((body) => unreadIn(roomId)(body) === 0);
  expect((await bob.sync({ filter })).rooms?.join?.[roomId]).not.toHaveProperty('unread_thread_notifications');
});

test('a receipt for an event of another thread is refused', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const root = await alice.say(roomId, 'root');
  const inside = await inThread(alice, roomId, root);
  const beside = await alice.say(roomId, 'beside');
  const refused = { status: 400, body: { errcode: 'M_INVALID_PARAM' } };
  const mark = (eventId: string, threadId: string) =>
    bob.inRoom('POST', roomId, `receipt/m.read/${eventId}`, { thread_id: threadId });
  expect(await mark(inside, 'main')).toMatchObject(refused);
  expect(await mark(beside, root)).toMatchObject(refused);
  expect(await mark(inside, beside)).toMatchObject(refused);
  expect(await mark(root, root)).toMatchObject({ status: 200 });
});

test.each(['m.read', 'm.read.private', 'm.fully_read'])(
  '%s needs an event of the room, and who sets it in it',
  async (type) => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await alice.say(roomId, 'one');
    const other = await bob.say(await bob.create(), 'elsewhere');
    for (const unknown of [other, '$unknown']) {
      const notFound = { status: 404, body: { errcode: 'M_NOT_FOUND' } };
      expect(await bob.inRoom('POST', roomId, `receipt/${type}/${unknown}`, {})).toMatchObject(notFound);
      expect(await bob.inRoom('POST', roomId, 'read_markers', { [type]: unknown })).toMatchObject(notFound);
    }
    const eve = await aClient('eve');
    expect(await eve.inRoom('POST', roomId, `receipt/${type}/${eventId}`, {})).toMatchObject({
      status: 403,
      body: { errcode: 'M_FORBIDDEN' },
    });
    const path = `/user/${eve.userId}/rooms/${encodeURIComponent(roomId)}/account_data/m.fully_read`;
    expect((await eve.ask('GET', path)).status).toBe(404);
  },
);
