import { NotificationCountType, ReceiptType, RelationType, type MatrixEvent } from 'matrix-js-sdk';
import { describe, expect, test } from 'vitest';

import type { SeenEvent } from '../sdk/chat-client.ts';
import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { sees, type World } from '../support/world.ts';

const message = (body: string, relType: RelationType, eventId: string, more: object = {}): Record<string, unknown> => ({
  msgtype: 'm.text',
  body,
  'm.relates_to': { rel_type: relType, event_id: eventId },
  ...more,
});

const idOf = (event: MatrixEvent | null | undefined): string | undefined => event?.getId();

/** Events that a new device is not given at first. */
const MORE_THAN_A_SYNC = 21;
/** The library sends one after the other. */
const LONG = { timeout: 120_000 };

/** Waits until the client's server has an event. */
const hasCome = (client: JsSdkClient, roomId: string, eventId: string): Promise<SeenEvent> =>
  sees(`${eventId} at ${client.userId}`, () => client.event(roomId, eventId).catch(() => undefined));

interface Users {
  alice: JsSdkClient;
  bob: JsSdkClient;
  roomId: string;
}

/** What matrix-js-sdk, which alone of the libraries knows threads, makes of relations; from either side to the other. */
export function threads(world: World): void {
  describe.each(world.ways())('threads: $title', ({ from, to }) => threadsFrom(world, from, to));
}

function threadsFrom(world: World, from: number, to: number): void {
  async function shareRoom(): Promise<Users> {
    const meeting = { title: '', host: { sdk: jsSdk, server: from }, joiner: { sdk: jsSdk, server: to } };
    const { alice, bob, roomId } = await world.shareRoom(meeting);
    if (!(alice instanceof JsSdkClient) || !(bob instanceof JsSdkClient)) throw new Error('not of this library');
    return { alice, bob, roomId };
  }

  /** Another device of who joined, which has everything that was said up to an event. */
  async function newDevice(bob: JsSdkClient, roomId: string, upTo: string): Promise<JsSdkClient> {
    await hasCome(bob, roomId, upTo);
    const device = await world.login(jsSdk, to, bob.userId);
    if (!(device instanceof JsSdkClient)) throw new Error('not of this library');
    await device.start();
    return device;
  }

  test('a new device lists the threads of a room, with their newest replies, and reads one', LONG, async () => {
    const { alice, bob, roomId } = await shareRoom();
    const [one, two] = [await alice.sendText(roomId, 'one'), await alice.sendText(roomId, 'two')];
    await hasCome(bob, roomId, two);
    const first = await bob.sendEvent(roomId, 'm.room.message', message('in one', RelationType.Thread, one));
    const other = await bob.sendEvent(roomId, 'm.room.message', message('in two', RelationType.Thread, two));
    await hasCome(alice, roomId, other);
    const newest = await alice.sendEvent(roomId, 'm.room.message', message('again', RelationType.Thread, one));
    await hasCome(bob, roomId, newest);
    for (let n = 0; n < MORE_THAN_A_SYNC; n += 1) await bob.sendText(roomId, `later ${n}`);

    const device = await newDevice(bob, roomId, newest);
    const room = device.room(roomId);
    await room.createThreadsTimelineSets();
    await room.fetchRoomThreads();
    const listed = await sees('the threads', async () => {
      const [all] = room.threadsTimelineSets;
      const events = all?.getLiveTimeline().getEvents() ?? [];
      return events.length === 2 && events;
    });
    // The library keeps the newest last.
    expect(listed.map(idOf)).toEqual([two, one]);
    const thread = room.getThread(one);
    expect([thread?.length, idOf(thread?.replyToEvent), thread?.hasCurrentUserParticipated]).toEqual([2, newest, true]);
    const { events } = await device.client.relations(roomId, one, RelationType.Thread, 'm.room.message');
    expect(events.map(idOf)).toEqual([newest, first]);
  });

  test('what relates to a reply is found with what relates to the root', async () => {
    const { alice, bob, roomId } = await shareRoom();
    // Synapse was seen not to tell it.
    const [reader, writer] = world.software[to] === 'Eyrie' ? [bob, alice] : [alice, bob];
    const root = await reader.sendText(roomId, 'root');
    await hasCome(writer, roomId, root);
    const reply = await writer.sendEvent(roomId, 'm.room.message', message('in it', RelationType.Thread, root));
    const reaction = { 'm.relates_to': { rel_type: RelationType.Annotation, event_id: reply, key: '👍' } };
    const reacted = await writer.sendEvent(roomId, 'm.reaction', reaction);
    await hasCome(reader, roomId, reacted);
    const { events } = await reader.client.relations(roomId, root, null, null, { recurse: true });
    expect(events.map(idOf)).toEqual([reacted, reply]);
  });

  test('the edit that is bundled with a message is what the library shows', LONG, async () => {
    const { alice, bob, roomId } = await shareRoom();
    const original = await alice.sendText(roomId, 'cake');
    const better = { 'm.new_content': { msgtype: 'm.text', body: 'better' } };
    await alice.sendEvent(roomId, 'm.room.message', message('* better', RelationType.Replace, original, better));
    let last = original;
    for (let n = 0; n < MORE_THAN_A_SYNC; n += 1) last = await alice.sendText(roomId, `later ${n}`);
    const device = await newDevice(bob, roomId, last);
    const timeline = device.room(roomId).getUnfilteredTimelineSet();
    const around = await device.client.getEventTimeline(timeline, original);
    const shown = around?.getEvents().find((event) => event.getId() === original);
    expect(shown?.getContent()['body']).toBe('better');
  });

  test('unread messages of a thread are counted apart, and a receipt in it clears them', async () => {
    const { alice, bob, roomId } = await shareRoom();
    const root = await bob.sendText(roomId, 'root');
    const own = await bob.sendEvent(roomId, 'm.room.message', message('more', RelationType.Thread, root));
    const thread = () => alice.room(roomId).getThread(root);
    await sees('the thread', async () => thread()?.findEventById(own));
    const reply = await alice.sendEvent(roomId, 'm.room.message', message('in it', RelationType.Thread, root));
    const room = bob.room(roomId);
    const unread = () => room.getThreadUnreadNotificationCount(root, NotificationCountType.Total);
    await sees('one unread message in the thread', async () => unread() === 1);
    expect(room.getRoomUnreadNotificationCount(NotificationCountType.Total)).toBe(0);
    const event = await sees('the reply', async () => room.getThread(root)?.findEventById(reply));
    await bob.client.sendReceipt(event, ReceiptType.Read);
    await sees('none unread', async () => unread() === 0);
    await sees('the receipt at the other', async () => thread()?.getEventReadUpTo(bob.userId, true) === reply);
    const device = await newDevice(bob, roomId, reply);
    await sees('the thread there', async () => device.room(roomId).getThread(root)?.initialEventsFetched);
    expect(device.room(roomId).getThreadUnreadNotificationCount(root, NotificationCountType.Total)).toBe(0);
  });

  test('the same reaction again is refused, in words the library knows', async () => {
    const { alice, roomId } = await shareRoom();
    const original = await alice.sendText(roomId, 'like me');
    const reaction = { 'm.relates_to': { rel_type: RelationType.Annotation, event_id: original, key: '👍' } };
    await alice.sendEvent(roomId, 'm.reaction', reaction);
    await expect(alice.sendEvent(roomId, 'm.reaction', reaction)).rejects.toMatchObject({
      errcode: 'M_DUPLICATE_ANNOTATION',
    });
  });
}
