import { ClientEvent, ConditionKind, NotificationCountType, PushRuleKind, ReceiptType } from 'matrix-js-sdk';
import { expect, test } from 'vitest';

import { eyrieAdministrator } from '../../support/node/eyrie-homeserver.ts';
import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { sees, type World } from '../support/world.ts';

/** What is between a user and the own server alone, by what matrix-js-sdk has for it. */
export function personal(world: World): void {
  const here = { sdk: jsSdk, server: 0 };

  async function shareRoom(): Promise<{ alice: JsSdkClient; bob: JsSdkClient; roomId: string }> {
    const { alice, bob, roomId } = await world.shareRoom({ title: '', host: here, joiner: here });
    if (alice instanceof JsSdkClient && bob instanceof JsSdkClient) return { alice, bob, roomId };
    throw new Error('not of this library');
  }

  async function anotherDevice(user: JsSdkClient): Promise<JsSdkClient> {
    const device = await world.login(jsSdk, 0, user.userId);
    if (!(device instanceof JsSdkClient)) throw new Error('not of this library');
    await device.start();
    return device;
  }

  test('what was read in private is read on the other devices, and nobody else is told', async () => {
    const { alice, bob, roomId } = await shareRoom();
    const other = await anotherDevice(bob);
    const sent = await alice.sendText(roomId, 'read this quietly');
    const unread = () => other.room(roomId).getRoomUnreadNotificationCount(NotificationCountType.Total);
    await sees('an unread message', async () => unread() === 1);
    const event = await sees('the message', async () => bob.room(roomId).findEventById(sent));
    await bob.client.sendReadReceipt(event, ReceiptType.ReadPrivate);
    await sees('none unread on the other device', async () => unread() === 0);
    await bob.client.setRoomReadMarkers(roomId, sent);
    await sees(
      'the marker on the other device',
      async () => other.room(roomId).getAccountData('m.fully_read')?.getContent()['event_id'] === sent,
    );
    const answer = await bob.sendText(roomId, 'an answer');
    await sees('the answer', async () => (await alice.timeline(roomId)).some(({ event_id: id }) => id === answer));
    expect(await alice.readUpTo(roomId, bob.userId)).not.toBe(sent);
  });

  test('a muted room counts nothing, and a keyword highlights', async () => {
    const { alice, bob, roomId } = await shareRoom();
    const counts = () =>
      [NotificationCountType.Total, NotificationCountType.Highlight].map((type) =>
        bob.room(roomId).getRoomUnreadNotificationCount(type),
      );
    const rule = { pattern: 'heron', actions: ['notify', { set_tweak: 'highlight', value: true }] as never };
    await bob.client.addPushRule('global', PushRuleKind.ContentSpecific, 'heron', rule);
    await alice.sendText(roomId, 'a heron!');
    await sees('a highlight', async () => counts().join() === '1,1');
    const muted = {
      conditions: [{ kind: ConditionKind.EventMatch as const, key: 'room_id', pattern: roomId }],
      actions: [],
    };
    await bob.client.addPushRule('global', PushRuleKind.Override, roomId, muted);
    await alice.sendText(roomId, 'another heron!');
    await sees('nothing unread', async () => counts().join() === '0,0');
    expect((await bob.client.getPushRules()).global.override?.map((one) => one.rule_id)).toContain(roomId);
  });

  test('tags, direct chats and other account data are told to the other devices', async () => {
    const { alice, bob, roomId } = await shareRoom();
    const other = await anotherDevice(bob);
    const isTold = new Promise<void>((resolve) => {
      other.client.on(ClientEvent.AccountData, (event) => {
        if (event.getType() === 'm.direct') resolve();
      });
    });
    await bob.client.setAccountData('m.direct' as never, { [alice.userId]: [roomId] } as never);
    await isTold;
    await bob.client.setRoomTag(roomId, 'm.favourite', { order: 0.25 });
    await sees('the tag', async () => other.room(roomId).tags['m.favourite']?.['order'] === 0.25);
    await bob.client.deleteRoomTag(roomId, 'm.favourite');
    await sees('that it is gone', async () => other.room(roomId).tags['m.favourite'] === undefined);
    await bob.leave(roomId);
    await sees('that the room was left', async () => (await other.membership(roomId)) === 'leave');
  });

  test('a room is looked into without joining, and followed', async () => {
    const { alice, bob } = await shareRoom();
    const open = {
      type: 'm.room.history_visibility',
      state_key: '',
      content: { history_visibility: 'world_readable' },
    };
    const roomId = await alice.createRoom({ preset: 'public_chat', name: 'Window', initial_state: [open] });
    const before = await alice.sendText(roomId, 'before');
    const room = await bob.client.peekInRoom(roomId);
    expect(room.name).toBe('Window');
    expect(room.findEventById(before)?.getContent()['body']).toBe('before');
    const after = await alice.sendText(roomId, 'after');
    await sees('what is said now', async () => bob.client.getRoom(roomId)?.findEventById(after));
    bob.client.stopPeeking();
  });

  test('a room, a message and a user are reported to the administrators', async () => {
    const { alice, bob, roomId } = await shareRoom();
    const rude = await alice.sendText(roomId, 'rude');
    await sees('the message', async () => (await bob.timeline(roomId)).some(({ event_id: id }) => id === rude));
    await bob.client.reportRoom(roomId, 'a bad room');
    await bob.client.reportEvent(roomId, rude, -100, 'a bad message');
    await bob.client.http.authedRequest(
      'POST' as never,
      `/users/${encodeURIComponent(alice.userId)}/report`,
      undefined,
      { reason: 'a bad user' },
    );
    const admin = await eyrieAdministrator(world.server(0), 'moderator');
    const { reports } = await admin.request<{ reports: { reporter: string; reason: string }[] }>(
      'GET',
      '/_eyrie/admin/v1/reports',
    );
    const reasons = reports.filter(({ reporter }) => reporter === bob.userId).map(({ reason }) => reason);
    expect(reasons.toSorted()).toEqual(['a bad message', 'a bad room', 'a bad user']);
  });
}
