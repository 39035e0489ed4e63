import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import type { EventId } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';

const peer = aServer('relations.peer.example:443');

beforeEach(() => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(aKeyAnswer(peer)));
});
afterEach(() => vi.restoreAllMocks());

const editOf = (room: SharedRoom, { eventId }: Pdu, body: string, originServerTs = Date.now()): Pdu =>
  room.anEvent({
    originServerTs,
    content: {
      body: `* ${body}`,
      msgtype: 'm.text',
      'm.new_content': { body, msgtype: 'm.text' },
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
    },
  });

const replyTo = (room: SharedRoom, { eventId }: Pdu): Pdu =>
  room.anEvent({ content: { body: 'in it', 'm.relates_to': { rel_type: 'm.thread', event_id: eventId } } });

async function pushed(room: SharedRoom, ...pdus: readonly Pdu[]): Promise<void> {
  for (const { json } of pdus) expect((await room.push(json)).status).toBe(200);
}

async function bundled({ roomId, alice }: SharedRoom, { eventId }: Pdu): Promise<unknown> {
  const event = await rooms.readEvent({ roomId, userId: alice, scope: 'test', eventId });
  return event.unsigned?.['m.relations'];
}

const threadsOf = async ({ roomId, alice }: SharedRoom): Promise<readonly EventId[]> => {
  const who = { roomId, userId: alice, scope: 'test', ignoredUsers: [] };
  const { chunk } = await rooms.readThreads({ ...who, isParticipated: false, from: undefined, limit: 10 });
  return chunk.map(({ event_id: eventId }) => eventId);
};

test.each(['before', 'after'])('an edit and a reply that arrive %s their event come with it', async (when) => {
  const room = await aSharedRoom(peer);
  const event = room.anEvent();
  const [edit, reply] = [editOf(room, event, 'edited'), replyTo(room, event)];
  await pushed(room, ...(when === 'before' ? [edit, reply, event] : [event, edit, reply]));
  expect(await bundled(room, event)).toMatchObject({
    'm.replace': { event_id: edit.eventId },
    'm.thread': { latest_event: { event_id: reply.eventId }, count: 1 },
  });
  expect(await threadsOf(room)).toEqual([event.eventId]);
});

test('the edit with the latest time of its sender wins, and of equal ones that with the largest ID', async () => {
  const room = await aSharedRoom(peer);
  const event = room.anEvent();
  const [late, early] = [editOf(room, event, 'late', 2_000), editOf(room, event, 'early', 1_000)];
  await pushed(room, event, late, early);
  expect(await bundled(room, event)).toMatchObject({ 'm.replace': { event_id: late.eventId } });
  const same = ['a', 'b', 'c'].map((body) => editOf(room, event, body, 3_000));
  await pushed(room, ...same);
  const largest = same
    .map(({ eventId }) => eventId)
    .toSorted()
    .at(-1);
  expect(await bundled(room, event)).toMatchObject({ 'm.replace': { event_id: largest } });
});

test('a redaction that arrives before the edit takes it away', async () => {
  const room = await aSharedRoom(peer);
  const event = room.anEvent();
  const edit = editOf(room, event, 'a slip');
  const redaction = room.anEvent({ type: 'm.room.redaction', content: {}, redacts: edit.eventId });
  await pushed(room, event, redaction, edit);
  expect(await bundled(room, event)).toBeUndefined();
});

test('an edit that the room does not take any more, since its sender was banned, is not shown', async () => {
  const room = await aSharedRoom(peer);
  const { roomId, alice, bob } = room;
  const event = room.anEvent();
  await pushed(room, event);
  await rooms.changeMembership({ roomId, action: 'ban', sender: alice, target: bob, content: {} });
  const edit = editOf(room, event, 'from behind');
  await pushed(room, edit);
  await expect(room.readEvent(edit.eventId)).rejects.toMatchObject({ status: 404 });
  expect(await bundled(room, event)).toBeUndefined();
});

test('a copy whose content was taken away relates to nothing until the intact one is here', async () => {
  const room = await aSharedRoom(peer);
  const event = room.anEvent();
  const edit = editOf(room, event, 'edited');
  await pushed(room, event);
  expect((await room.push({ ...edit.json, content: { body: 'forged' } })).status).toBe(200);
  expect(await bundled(room, event)).toBeUndefined();
  await pushed(room, edit);
  expect(await bundled(room, event)).toMatchObject({ 'm.replace': { event_id: edit.eventId } });
});

test('the same reaction again is taken from another server', async () => {
  const room = await aSharedRoom(peer);
  const relation = { rel_type: 'm.annotation', event_id: room.create.eventId, key: '+1' };
  const reactions = ['1', '2'].map((at) =>
    room.anEvent({ type: 'm.reaction', content: { at, 'm.relates_to': relation } }),
  );
  await pushed(room, ...reactions);
  const query = { eventId: room.create.eventId, dir: 'b', from: undefined, to: undefined, limit: 10 } as const;
  const who = { roomId: room.roomId, userId: room.alice, scope: 'test', ignoredUsers: [] };
  const { chunk } = await rooms.readRelations({ ...who, ...query, recurse: false });
  expect(chunk).toHaveLength(2);
});

test('a room that is older than the table of relations gets it filled', async () => {
  const room = await aSharedRoom(peer);
  const event = room.anEvent();
  const [edit, reply] = [editOf(room, event, 'edited'), replyTo(room, event)];
  await pushed(room, event, edit, reply);
  const stub = objectStubs(bindings, config).room(room.roomId);
  await runInDurableObject(stub, (_room, { storage }) => {
    storage.sql.exec(
      `drop table relations; drop table threads; drop table rejected; alter table local_users drop column guest;
       alter table events drop column appservice; alter table receipts drop column appservice;
       alter table events drop column expired;
       update schema_version set version = 7`,
    );
  });
  await evictDurableObject(stub);
  expect(await bundled(room, event)).toBeUndefined();
  await runDurableObjectAlarm(stub);
  expect(await bundled(room, event)).toMatchObject({
    'm.replace': { event_id: edit.eventId },
    'm.thread': { latest_event: { event_id: reply.eventId } },
  });
  expect(await threadsOf(room)).toEqual([event.eventId]);
});
