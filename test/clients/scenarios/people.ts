import { ClientEvent, NotificationCountType, type MatrixClient, UserEvent } from 'matrix-js-sdk';
import { describe, expect, test } from 'vitest';

import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { sees, type World } from '../support/world.ts';

/** Who is there, who is found, and what is found of what was said, by what matrix-js-sdk has for it. */
export function people(world: World): void {
  describe.each(world.ways())('people: $title', ({ from, to }) => peopleFrom(world, from, to));
}

function peopleFrom(world: World, from: number, to: number): void {
  const meeting = { title: '', host: { sdk: jsSdk, server: from }, joiner: { sdk: jsSdk, server: to } };
  async function shareRoom(): Promise<{ alice: JsSdkClient; bob: JsSdkClient; roomId: string }> {
    const { alice, bob, roomId } = await world.shareRoom(meeting, { preset: 'public_chat' });
    if (alice instanceof JsSdkClient && bob instanceof JsSdkClient) return { alice, bob, roomId };
    throw new Error('not of this library');
  }

  test('words are searched in rooms, with what stands around them and what is to be marked', async () => {
    const { alice: host, bob: joiner, roomId } = await shareRoom();
    // Synapse does not find words of languages without spaces.
    const [alice, bob] = world.software[from] === 'Eyrie' ? [host, joiner] : [joiner, host];
    const mark = `heron${Date.now().toString(36)}`;
    const texts = ['before', `a ${mark} was seen`, 'after', '昨日公園で白鳥を見ました'];
    for (const text of texts) await bob.sendText(roomId, text);
    await sees('what was said', async () => {
      const bodies = (await alice.timeline(roomId)).map(({ content }) => content['body']);
      return texts.every((text) => bodies.includes(text));
    });
    const found = await sees('the message in the index', async () => {
      const results = await alice.client.searchRoomEvents({ term: mark });
      return results.results.length === 1 ? results : undefined;
    });
    expect(found.highlights).toContain(mark);
    const [hit] = found.results;
    const shown = hit?.context.getTimeline().map((event) => event.getContent()['body'] as string | undefined);
    expect(shown).toEqual(expect.arrayContaining(['before', `a ${mark} was seen`, 'after']));
    await sees('a word of a language without spaces', async () => {
      const { results } = await alice.client.searchRoomEvents({ term: '白鳥', filter: { rooms: [roomId] } });
      return results.length === 1;
    });
  });

  test('users are found by their names, and seen when they come and go', async () => {
    const { alice, bob } = await shareRoom();
    const name = `Robin ${Date.now().toString(36)}`;
    await alice.setDisplayName(name);
    await sees('the user in the directory', async () => {
      const { results } = await bob.client.searchUserDirectory({ term: name });
      return results.some(({ user_id: id }) => id === alice.userId);
    });
    const told: string[] = [];
    bob.client.on(UserEvent.Presence, (_, user) => {
      if (user.userId === alice.userId) told.push(`${user.presence} ${user.presenceStatusMsg ?? ''}`);
    });
    await alice.client.setPresence({ presence: 'online', status_msg: 'at the feeder' });
    await sees('who is there', async () => told.includes('online at the feeder'));
    // A sync that shows its user as present would take this back.
    await alice.stop();
    await alice.client.setPresence({ presence: 'unavailable', status_msg: 'asleep' });
    await sees('who is away', async () => told.includes('unavailable asleep'));
    expect(await bob.client.getPresence(alice.userId)).toMatchObject({ status_msg: 'asleep' });
  });

  test('who is ignored is not heard, and what somebody is notified of is counted and listed', async () => {
    const { alice, bob, roomId } = await shareRoom();
    const before = bob.room(roomId).getRoomUnreadNotificationCount(NotificationCountType.Highlight);
    expect(before).toBe(0);
    const content = { msgtype: 'm.text', body: 'look', 'm.mentions': { user_ids: [bob.userId] } };
    const eventId = await alice.sendEvent(roomId, 'm.room.message', content);
    await sees(
      'the mention',
      async () => bob.room(roomId).getRoomUnreadNotificationCount(NotificationCountType.Highlight) === 1,
    );
    expect((await notifiedOf(bob.client)).map(({ event }) => event.event_id)).toContain(eventId);
    const other = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    await sees('the invitation', async () => (await alice.membership(other)) === 'invite');
    expect(await notifiedOf(alice.client)).toMatchObject([{ room_id: other, event: { sender: bob.userId } }]);
    const isListed = new Promise<void>((resolve) => {
      bob.client.on(ClientEvent.AccountData, (event) => {
        if (event.getType() === 'm.ignored_user_list') resolve();
      });
    });
    await bob.client.setIgnoredUsers([alice.userId]);
    await isListed;
    const unheard = await alice.sendText(roomId, 'unheard');
    await bob.sendText(roomId, 'a mark');
    await sees('the mark', async () => (await bob.timeline(roomId)).some((one) => one.content['body'] === 'a mark'));
    await sees('the message at its sender', async () =>
      (await alice.timeline(roomId)).some((one) => one.event_id === unheard),
    );
    expect((await bob.timeline(roomId)).map((one) => one.event_id)).not.toContain(unheard);
  });

  test('fields of a profile are set, seen by others, and go into rooms', async () => {
    const { alice, bob, roomId } = await shareRoom();
    await alice.client.setExtendedProfileProperty('m.tz', 'Europe/Berlin');
    await sees(
      'the time zone',
      async () => (await bob.client.getExtendedProfileProperty(alice.userId, 'm.tz')) === 'Europe/Berlin',
    );
    await alice.setDisplayName('Robin');
    await alice.client.setAvatarUrl('mxc://example.org/robin');
    await sees('name and picture in the room', async () => {
      const member = bob.room(roomId).getMember(alice.userId);
      return member?.rawDisplayName === 'Robin' && member.getMxcAvatarUrl() === 'mxc://example.org/robin';
    });
  });

  test('a knock is answered, a room is looked into before it is joined, found by time, and upgraded', async () => {
    const { alice, bob } = await shareRoom();
    const { serverName } = world.server(from);
    const join = (rule: string) => ({ type: 'm.room.join_rules', state_key: '', content: { join_rule: rule } });
    const open = {
      type: 'm.room.history_visibility',
      state_key: '',
      content: { history_visibility: 'world_readable' },
    };
    const door = await alice.createRoom({ preset: 'private_chat', initial_state: [join('knock')] });
    await bob.client.knockRoom(door, { viaServers: [serverName], reason: 'let me in' });
    await sees('the knock', async () => (await alice.membershipOf(door, bob.userId)) === 'knock');
    await alice.invite(door, bob.userId);
    await sees('the answer', async () => (await bob.membership(door)) === 'invite');
    const name = 'Window';
    const roomId = await alice.createRoom({ preset: 'public_chat', name, initial_state: [open] });
    const time = Date.now();
    const said = await alice.sendText(roomId, 'seen from outside');
    expect(await bob.client.getRoomSummary(roomId, [serverName])).toMatchObject({ name, world_readable: true });
    await bob.client.joinRoom(roomId, { viaServers: [serverName] });
    await sees('the join', async () => (await bob.membership(roomId)) === 'join');
    expect((await bob.client.timestampToEvent(roomId, time, 'f' as never)).event_id).toBe(said);
    const { replacement_room: replacement } = await alice.client.upgradeRoom(roomId, '12');
    await sees(
      'the tombstone',
      async () => (await bob.state(roomId, 'm.room.tombstone'))?.['replacement_room'] === replacement,
    );
  });
}

interface Notified {
  room_id: string;
  event: { event_id: string; sender: string };
}

async function notifiedOf(client: MatrixClient): Promise<Notified[]> {
  const page = await client.http.authedRequest<{ notifications: Notified[] }>('GET' as never, '/notifications');
  return page.notifications;
}
