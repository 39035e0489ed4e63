import { describe, expect, onTestFinished, test } from 'vitest';

import { jsSdk } from '../sdk/js-sdk.ts';
import { SlidingJsSdkClient } from '../sdk/sliding-js-sdk.ts';
import { sees, type World } from '../support/world.ts';

const meeting = {
  title: 'matrix-js-sdk',
  host: { sdk: jsSdk, server: 0 },
  joiner: { sdk: jsSdk, server: 0 },
};

/** A device that gets everything by sliding sync sees what others do, beside those that sync the old way. */
export function sliding(world: World): void {
  async function slidingDevice(userId: string): Promise<SlidingJsSdkClient> {
    const { credentials } = await world.login(jsSdk, 0, userId);
    const device = new SlidingJsSdkClient(credentials);
    onTestFinished(() => device.stop());
    await device.start();
    return device;
  }

  describe('sliding sync: matrix-js-sdk', () => {
    test('a room list grows with its window, and rooms have their names and last messages', async () => {
      const { alice, bob, roomId: first } = await world.shareRoom(meeting, { name: 'First' });
      await alice.sendText(first, 'in the first');
      const second = await bob.createRoom({ preset: 'private_chat', name: 'Second' });
      await bob.sendText(second, 'in the second');
      const device = await slidingDevice(bob.userId);
      await sees('how many rooms there are', async () => device.sliding.getListData('all')?.joinedCount === 2);
      expect(device.room(second)?.name).toBe('Second');
      expect(device.room(first)).toBeUndefined();
      device.sliding.setListRanges('all', [[0, 9]]);
      await sees('the other room', async () => device.room(first)?.name === 'First');
      expect(device.texts(first)).toEqual(['in the first']);
      expect(device.room(first)?.getMyMembership()).toBe('join');
    });

    test('messages, state, counts, receipts, typing and tags come as they happen', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting, { name: 'Nest' });
      const device = await slidingDevice(bob.userId);
      await sees('the room', async () => device.room(roomId)?.name === 'Nest');
      // One by one: of several at once a window of one event tells the newest.
      for (const texts of [['one'], ['one', 'two'], ['one', 'two', 'three']]) {
        await alice.sendText(roomId, texts.at(-1) ?? '');
        await sees('the message', async () => device.texts(roomId).join() === texts.join());
      }
      await alice.sendState(roomId, 'm.room.name', '', { name: 'Eggs' });
      await sees('the name', async () => device.room(roomId)?.name === 'Eggs');
      await sees('what is unread', async () => device.room(roomId)?.getUnreadNotificationCount() === 3);
      const last = await alice.sendText(roomId, 'four');
      await sees('the last one at the old device', async () =>
        (await bob.timeline(roomId)).some((event) => event.event_id === last),
      );
      await bob.sendReceipt(roomId, last);
      await sees('that nothing is unread', async () => device.room(roomId)?.getUnreadNotificationCount() === 0);
      await sees('the own receipt', async () => device.room(roomId)?.getEventReadUpTo(bob.userId) === last);
      await alice.setTyping(roomId, true);
      await sees('who types', async () => device.room(roomId)?.getMember(alice.userId)?.typing === true);
      await device.client.setRoomTag(roomId, 'm.favourite', { order: 0.5 });
      await sees('the tag', async () => device.room(roomId)?.tags['m.favourite'] !== undefined);
    });

    test('an invitation is seen, and the room once it is accepted', async () => {
      const { alice, bob } = await world.shareRoom(meeting);
      const device = await slidingDevice(bob.userId);
      const roomId = await alice.createRoom({ preset: 'private_chat', name: 'Attic', invite: [bob.userId] });
      await sees('the invitation', async () => device.room(roomId)?.getMyMembership() === 'invite');
      expect(device.room(roomId)?.name).toBe('Attic');
      await device.client.joinRoom(roomId);
      await sees('the join', async () => device.room(roomId)?.getMyMembership() === 'join');
      await alice.sendText(roomId, 'welcome');
      await sees('the welcome', async () => device.texts(roomId).includes('welcome'));
      await alice.kick(roomId, bob.userId, 'full');
      await sees('the kick', async () => device.room(roomId)?.getMyMembership() === 'leave');
    });

    test('a room that is opened gets its latest messages, and goes on after the server was restarted', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      for (const text of ['one', 'two', 'three']) await alice.sendText(roomId, text);
      const device = await slidingDevice(bob.userId);
      await sees('the last message', async () => device.texts(roomId).join() === 'three');
      device.sliding.modifyRoomSubscriptions(new Set([roomId]));
      await sees('all of them', async () => device.texts(roomId).join() === 'one,two,three');
      await world.server(0).stop();
      await world.server(0).start();
      await alice.sendText(roomId, 'four');
      await sees('what was said then', async () => device.texts(roomId).join() === 'one,two,three,four');
    });
  });
}
