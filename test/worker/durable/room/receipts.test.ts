import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { expect, test, vi } from 'vitest';

import type { EventId, RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSharedRoom, bindings, rooms } from '../../../support/worker/a-shared-room.ts';
import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { reply } from '../../../support/worker/relations.ts';

type Receipts = Readonly<Record<string, { readonly 'm.read'?: Readonly<Record<string, object>> }>>;

const receiptsIn = (body: SyncBody, roomId: string) =>
  (body.rooms?.join?.[roomId]?.ephemeral?.events ?? [])
    .filter(({ type }) => type === 'm.receipt')
    .map(({ content }) => content as Receipts);

const hasRead = (body: SyncBody, roomId: string, userId: string, eventId: string) =>
  receiptsIn(body, roomId).some((content) => content[eventId]?.['m.read']?.[userId] !== undefined);

const read = (client: Client, roomId: string, eventId: string) =>
  client.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});

/** Ranges of the room that were written into shards. */
async function ranges(shardsOf: readonly Client[], roomId: string): Promise<number> {
  const shards = new Set(shardsOf.map(({ token }) => String(token.split('_')[1])));
  const counted = [...shards].map((shard) =>
    runInDurableObject(bindings.USER.getByName(shard), (_instance, { storage }) =>
      Number(storage.sql.exec('select count(*) as n from progress where room_id = ?', roomId).one()['n']),
    ),
  );
  return Math.max(...(await Promise.all(counted)));
}

test('a reader sees its own receipt, and what is answered survives the loss of the object', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const eventId = await alice.say(roomId, 'hello');
  const { next_batch: since } = await alice.syncUntil((body) => body.rooms?.join?.[roomId] !== undefined);
  expect((await read(alice, roomId, eventId)).status).toBe(200);
  await alice.syncUntil((body) => hasRead(body, roomId, alice.userId, eventId), { since });
  const next = await alice.say(roomId, 'again');
  expect((await read(alice, roomId, next)).status).toBe(200);
  await evictDurableObject(bindings.ROOM.getByName(roomId));
  await alice.say(roomId, 'after');
  await alice.syncUntil((body) => hasRead(body, roomId, alice.userId, next), { since });
});

test('receipts of one second go to the shard together', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const said: string[] = [];
  for (let n = 0; n < 12; n += 1) said.push(await alice.say(roomId, String(n)));
  const last = String(said.at(-1));
  const { next_batch: since } = await alice.syncUntil((body) =>
    (body.rooms?.join?.[roomId]?.timeline.events ?? []).some(({ event_id: id }) => id === last),
  );
  const before = await ranges([alice], roomId);
  const receipt = { roomId: roomId as RoomId, userId: alice.userId as UserId, type: 'm.read', threadId: '', ts: 1 };
  await Promise.all(said.map((eventId) => rooms.receipt({ ...receipt, eventId: eventId as EventId })));
  await alice.syncUntil((body) => hasRead(body, roomId, alice.userId, last), { since });
  expect((await ranges([alice], roomId)) - before).toBeLessThanOrEqual(2);
});

test("local users' receipts reach the other server, and the other's are taken together", async () => {
  const peer = aServer('receipts.peer.test:443');
  const sent: { readonly edu_type: string; readonly content: Readonly<Record<string, Receipts[string]>> }[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    const { edus = [] } = JSON.parse(init?.body as string) as { readonly edus?: typeof sent };
    sent.push(...edus);
    return Response.json({ pdus: {} });
  });
  const room = await aSharedRoom(peer);
  const { roomId } = room;
  const [carol, dave] = await Promise.all([aClient('carol'), aClient('dave')]);
  await carol.join(roomId);
  await dave.join(roomId);
  const eventId = await carol.say(roomId, 'hello');
  for (const client of [carol, dave]) expect((await read(client, roomId, eventId)).status).toBe(200);
  const readers = () =>
    sent
      .filter(({ edu_type: type }) => type === 'm.receipt')
      .flatMap(({ content }) => Object.keys(content[roomId]?.['m.read'] ?? {}));
  await eventually(() => expect(readers().toSorted()).toEqual([carol.userId, dave.userId].toSorted()));

  const receipts = [{ userId: room.bob, type: 'm.read', threadId: '', eventId: eventId as EventId, ts: 5 }];
  await rooms.remoteReceipts({ roomId, origin: peer.name, receipts });
  await carol.syncUntil((body) => hasRead(body, roomId, room.bob, eventId));
});

test("of another server's receipts in threads only those are kept whose event is of the thread", async () => {
  const peer = aServer('threads.peer.test:443');
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ pdus: {} }));
  const room = await aSharedRoom(peer);
  const { roomId } = room;
  const carol = await aClient('carol');
  await carol.join(roomId);
  const [root, other] = [await carol.say(roomId, 'root'), await carol.say(roomId, 'other')];
  const eventId = await reply(carol, roomId, root, 'in it');
  const of = (threadId: string) => ({
    userId: room.bob,
    type: 'm.read',
    ts: 5,
    threadId,
    eventId: eventId as EventId,
  });
  const receipts = ['made up', other, root].map(of);
  await rooms.remoteReceipts({ roomId, origin: peer.name, receipts });
  const body = await carol.syncUntil((synced) => hasRead(synced, roomId, room.bob, eventId));
  expect(receiptsIn(body, roomId)).toMatchObject([
    { [eventId]: { 'm.read': { [room.bob]: { ts: 5, thread_id: root } } } },
  ]);
  const kept = await runInDurableObject(bindings.ROOM.getByName(roomId), (_room, { storage }) =>
    storage.sql.exec('select thread_id from receipts where user_id = ?', room.bob).toArray(),
  );
  expect(kept).toEqual([{ thread_id: root }]);
});

test('a receipt that does not move forward is not sent again', async () => {
  const peer = aServer('again.peer.test:443');
  const edus: unknown[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    const sent = JSON.parse(init?.body as string) as { readonly edus?: readonly { readonly edu_type: string }[] };
    // Who reads and speaks is present, which is told too.
    edus.push(...(sent.edus ?? []).filter(({ edu_type: type }) => type === 'm.receipt'));
    return Response.json({ pdus: {} });
  });
  const { roomId } = await aSharedRoom(peer);
  const carol = await aClient('carol');
  await carol.join(roomId);
  const eventId = await carol.say(roomId, 'hello');
  await read(carol, roomId, eventId);
  await eventually(() => expect(edus).toHaveLength(1));
  await read(carol, roomId, eventId);
  const next = await carol.say(roomId, 'more');
  await read(carol, roomId, next);
  await eventually(() => expect(edus.length).toBeGreaterThan(1));
  expect(JSON.stringify(edus.slice(1))).not.toContain(eventId);
});
