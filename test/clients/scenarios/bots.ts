import { expect, test } from 'vitest';

import { BotSdkClient, botSdk } from '../sdk/bot-sdk.ts';
import { NioClient, nio } from '../sdk/nio.ts';
import { PASSWORD, sees, type World } from '../support/world.ts';

/** What the two libraries for bots have besides what all clients do. */
export function bots(world: World): void {
  const last = world.software.length - 1;
  const bot = async (server: number): Promise<BotSdkClient> => {
    const client = await world.user({ sdk: botSdk, server }, 'bot');
    if (client instanceof BotSdkClient) return client;
    throw new Error('not of this library');
  };
  const python = async (server: number): Promise<NioClient> => {
    const client = await world.user({ sdk: nio, server }, 'nio');
    if (client instanceof NioClient) return client;
    throw new Error('not of this library');
  };

  test('matrix-bot-sdk answers, reacts, reads relations and context, and finds its direct chat again', async () => {
    const [writer, reader] = await Promise.all([bot(0), bot(last)]);
    const roomId = await writer.client.dms.getOrCreateDm(reader.userId);
    await sees('the invitation', async () => (await reader.membership(roomId)) === 'invite');
    await reader.join(roomId);
    await sees('the join', async () => (await writer.client.getJoinedRoomMembers(roomId)).includes(reader.userId));
    const question = await writer.sendText(roomId, 'who is there?');
    const event = await sees('the question', async () =>
      (await reader.timeline(roomId)).find(({ event_id: id }) => id === question),
    );
    const reply = await reader.client.replyText(roomId, event, 'me');
    const reaction = await reader.client.unstableApis.addReactionToEvent(roomId, question, '👋');
    await sees('reply and reaction', async () => {
      const ids = (await writer.timeline(roomId)).map(({ event_id: id }) => id);
      return ids.includes(reply) && ids.includes(reaction);
    });
    const { chunk } = await writer.client.getRelationsForEvent(roomId, question, 'm.annotation');
    expect(chunk.map(({ sender, content }) => [sender, (content as Record<string, unknown>)['m.relates_to']])).toEqual([
      [reader.userId, { rel_type: 'm.annotation', event_id: question, key: '👋' }],
    ]);
    const context = await writer.client.getEventContext(roomId, question, 4);
    expect(context.after.map(({ eventId }) => eventId)).toContain(reply);
    await writer.client.dms.update();
    expect(writer.client.dms.isDm(roomId)).toBe(true);
    expect(await writer.client.dms.getOrCreateDm(reader.userId)).toBe(roomId);
  });

  test('matrix-bot-sdk keeps account data, sets power levels, and knows the members and the history of a room', async () => {
    const [writer, reader] = await Promise.all([bot(0), bot(last)]);
    await writer.client.setAccountData('org.example.bot', { mood: 'good' });
    expect(await writer.client.getAccountData('org.example.bot')).toEqual({ mood: 'good' });
    await writer.client.setPresenceStatus('online', 'at work');
    expect((await writer.client.getPresenceStatus()).statusMessage).toBe('at work');
    const roomId = await writer.createRoom({ preset: 'private_chat', invite: [reader.userId] });
    await sees('the invitation', async () => (await reader.membership(roomId)) === 'invite');
    const invited = await writer.client.getRoomMembersByMembership(roomId, 'invite');
    expect(invited.map(({ membershipFor }) => membershipFor)).toEqual([reader.userId]);
    await reader.join(roomId);
    await sees('the join', async () => (await writer.client.getJoinedRoomMembers(roomId)).includes(reader.userId));
    expect(await writer.client.userHasPowerLevelForAction(reader.userId, roomId, 'kick' as never)).toBe(false);
    await writer.client.setUserPowerLevel(reader.userId, roomId, 50);
    expect(await writer.client.userHasPowerLevelForAction(reader.userId, roomId, 'kick' as never)).toBe(true);
  });

  test('matrix-nio shows presence, knocks, reads around an event, and marks what was read', async () => {
    const [host, guest] = await Promise.all([python(0), python(last)]);
    const rules = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } };
    const roomId = await host.createRoom({ preset: 'public_chat', room_alias_name: 'door', initial_state: [rules] });
    const alias = `#door:${world.server(0).serverName}`;
    expect(await guest.knock(alias, 'let me in')).toBe(roomId);
    await sees('the knock', async () => {
      const state = await host.state(roomId, 'm.room.member', guest.userId);
      return state?.['membership'] === 'knock' && state['reason'] === 'let me in';
    });
    await host.invite(roomId, guest.userId);
    await sees('the answer', async () => (await guest.membership(roomId)) === 'invite');
    await guest.join(roomId);
    await sees('the join', async () => (await guest.membership(roomId)) === 'join');
    const said: string[] = [];
    for (const text of ['one', 'two', 'three']) said.push(await host.sendText(roomId, text));
    await sees('the last', async () => (await guest.timeline(roomId)).some(({ event_id: id }) => id === said[2]));
    expect((await guest.context(roomId, said[1] ?? '')).map(({ event_id: id }) => id)).toEqual(said);
    await guest.readMarkers(roomId, said[2] ?? '');
    await sees('what was read', async () => (await host.readUpTo(roomId, guest.userId)) === said[2]);
    await host.setPresence('online', 'at the door');
    await sees('the presence', async () => (await guest.presenceOf(host.userId)).message === 'at the door');
  });

  test('matrix-nio finds rooms by words and in spaces, upgrades one, and ends another session', async () => {
    const host = await python(0);
    const name = `Nest of ${host.userId}`;
    const roomId = await host.createRoom({ preset: 'public_chat', name });
    const writer = await bot(0);
    const space = await writer.client.createSpace({ name: 'Trees', isPublic: true });
    await space.addChildRoom(roomId, { via: [world.server(0).serverName] });
    await sees('the room in the space', async () => (await host.hierarchy(space.roomId)).includes(roomId));
    const published = await writer.createRoom({ preset: 'public_chat', name: `Hollow of ${writer.userId}` });
    await writer.client.setDirectoryVisibility(published, 'public');
    await sees('the published room', async () =>
      (await host.publicRooms(`Hollow of ${writer.userId}`)).includes(published),
    );
    const replacement = await host.upgrade(roomId, '12');
    await sees(
      'the tombstone',
      async () => (await host.state(roomId, 'm.room.tombstone'))?.['replacement_room'] === replacement,
    );
    const other = await world.login(nio, 0, host.userId);
    expect(await host.devices()).toContain(other.credentials.deviceId);
    await host.endDevices([other.credentials.deviceId], PASSWORD);
    expect(await host.devices()).not.toContain(other.credentials.deviceId);
  });
}
