import { NotificationCountType, ReceiptType, RelationType, type MatrixEvent } from 'matrix-js-sdk';
import { expect, test } from 'vitest';

import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { sees, type World } from '../support/world.ts';

const message = (body: string, relType: RelationType, eventId: string, more: object = {}): Record<string, unknown> => ({
  msgtype: 'm.text',
  body,
  'm.relates_to': { rel_type: relType, event_id: eventId },
  ...more,
});

const idOf = (event: MatrixEvent | null | undefined): string | undefined => event?.getId();

interface Users {
  alice: JsSdkClient;
  bob: JsSdkClient;
  roomId: string;
}

async function shareRoom(world: World): Promise<Users> {
  const here = { sdk: jsSdk, server: 0 };
  const { alice, bob, roomId } = await world.shareRoom({ title: '', host: here, joiner: here });
  if (!(alice instanceof JsSdkClient) || !(bob instanceof JsSdkClient)) throw new Error('not of this library');
  return { alice, bob, roomId };
}

/** What matrix-js-sdk, which alone of the libraries knows threads, makes of relations. */
export function threads(world: World): void {
  test('a new device lists the threads of a room, with their newest replies, and reads one', async () => {
    const { alice, bob, roomId } = await shareRoom(world);
    const [one, two] = [await alice.sendText(roomId, 'one'), await alice.sendText(roomId, 'two')];
    const first = await bob.sendEvent(roomId, 'm.room.message', message('in one', RelationType.Thread, one));
    await bob.sendEvent(roomId, 'm.room.message', message('in two', RelationType.Thread, two));
    const newest = await alice.sendEvent(roomId, 'm.room.message', message('again', RelationType.Thread, one));
    for (let n = 0; n < 30; n += 1) await bob.sendText(roomId, `later ${n}`);

    const device = await world.login(jsSdk, 0, bob.userId);
    if (!(device instanceof JsSdkClient)) throw new Error('not of this library');
    await device.start();
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
    const reaction = { 'm.relates_to': { rel_type: RelationType.Annotation, event_id: newest, key: '👍' } };
    const reacted = await alice.sendEvent(roomId, 'm.reaction', reaction);
    const all = await device.client.relations(roomId, one, null, null, { recurse: true });
    expect(all.events.map(idOf)).toEqual([reacted, newest, first]);
  });

  test('the edit that is bundled with a message is what the library shows', async () => {
    const { alice, bob, roomId } = await shareRoom(world);
    const original = await alice.sendText(roomId, 'cake');
    const better = { 'm.new_content': { msgtype: 'm.text', body: 'better' } };
    await alice.sendEvent(roomId, 'm.room.message', message('* better', RelationType.Replace, original, better));
    for (let n = 0; n < 30; n += 1) await alice.sendText(roomId, `later ${n}`);
    const device = await world.login(jsSdk, 0, bob.userId);
    if (!(device instanceof JsSdkClient)) throw new Error('not of this library');
    await device.start();
    const timeline = device.room(roomId).getUnfilteredTimelineSet();
    const around = await device.client.getEventTimeline(timeline, original);
    const shown = around?.getEvents().find((event) => event.getId() === original);
    expect(shown?.getContent()['body']).toBe('better');
  });

  test('unread messages of a thread are counted apart, and a receipt in it clears them', async () => {
    const { alice, bob, roomId } = await shareRoom(world);
    const root = await bob.sendText(roomId, 'root');
    const reply = await alice.sendEvent(roomId, 'm.room.message', message('in it', RelationType.Thread, root));
    const room = bob.room(roomId);
    const unread = () => room.getThreadUnreadNotificationCount(root, NotificationCountType.Total);
    await sees('one unread message in the thread', async () => unread() === 1);
    expect(room.getRoomUnreadNotificationCount(NotificationCountType.Total)).toBe(0);
    const event = await sees('the reply', async () => room.getThread(root)?.findEventById(reply));
    await bob.client.sendReceipt(event, ReceiptType.Read);
    await sees('none unread', async () => unread() === 0);
    const device = await world.login(jsSdk, 0, bob.userId);
    if (!(device instanceof JsSdkClient)) throw new Error('not of this library');
    await device.start();
    expect(device.room(roomId).getThreadUnreadNotificationCount(root, NotificationCountType.Total)).toBe(0);
  });

  test('the same reaction again is refused, in words the library knows', async () => {
    const { alice, roomId } = await shareRoom(world);
    const original = await alice.sendText(roomId, 'like me');
    const reaction = { 'm.relates_to': { rel_type: RelationType.Annotation, event_id: original, key: '👍' } };
    await alice.sendEvent(roomId, 'm.reaction', reaction);
    await expect(alice.sendEvent(roomId, 'm.reaction', reaction)).rejects.toMatchObject({
      errcode: 'M_DUPLICATE_ANNOTATION',
    });
  });
}
