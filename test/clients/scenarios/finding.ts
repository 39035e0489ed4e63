import { Direction, Filter, Preset, TimelineWindow, Visibility } from 'matrix-js-sdk';
import { describe, expect, test } from 'vitest';

import { BotSdkClient, botSdk } from '../sdk/bot-sdk.ts';
import type { SeenEvent } from '../sdk/chat-client.ts';
import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { NioClient, nio } from '../sdk/nio.ts';
import { sees, type World } from '../support/world.ts';

const idsOf = (events: readonly SeenEvent[]): string[] => events.map(({ event_id: id }) => id);

/** What one library has of its own: looking into the middle of a room, filters, lists of rooms, spaces. */
export function finding(world: World): void {
  lookingInto(world);
  describe.each(world.ways())('finding: $title', ({ from, to }) => elsewhere(world, from, to));
}

const webClientAt = async (world: World, server: number): Promise<JsSdkClient> => {
  const made = await world.user({ sdk: jsSdk, server }, 'web');
  if (made instanceof JsSdkClient) return made;
  throw new Error('not of this library');
};

/** From either side what the other one publishes. */
function elsewhere(world: World, from: number, to: number): void {
  test('a published room and the rooms of a space are found, here and from elsewhere', async () => {
    const [web, writer] = await Promise.all([webClientAt(world, to), webClientAt(world, from)]);
    const name = `Aviary of ${writer.userId}`;
    const creation = { preset: Preset.PublicChat, creation_content: { type: 'm.space' } };
    const { room_id: spaceId } = await writer.client.createRoom({ ...creation, name });
    const roomId = await writer.createRoom({ preset: 'public_chat', name: `Perch of ${writer.userId}` });
    const { serverName } = world.server(from);
    await writer.sendState(spaceId, 'm.space.child', roomId, { via: [serverName] });
    await writer.client.setRoomDirectoryVisibility(roomId, Visibility.Public);
    const found = await sees('the published room', async () => {
      const { chunk } = await web.client.publicRooms({ server: serverName, limit: 500 });
      return chunk.find(({ room_id: id }) => id === roomId);
    });
    expect(found).toMatchObject({ name: `Perch of ${writer.userId}`, num_joined_members: 1 });
    const space = await web.client.joinRoom(spaceId, { viaServers: [serverName] });
    const hierarchy = await web.client.getRoomHierarchy(space.roomId);
    expect(hierarchy.rooms.map(({ room_id: id }) => id)).toEqual([spaceId, roomId]);
    await web.client.joinRoom(roomId, { viaServers: [serverName] });
    await sees('the join', async () => (await writer.membershipOf(roomId, web.userId)) === 'join');
  });
}

function lookingInto(world: World): void {
  const [first, last] = [0, world.software.length - 1];
  const webClient = (server: number) => webClientAt(world, server);
  const bot = async (server: number): Promise<BotSdkClient> => {
    const client = await world.user({ sdk: botSdk, server }, 'bot');
    if (client instanceof BotSdkClient) return client;
    throw new Error('not of this library');
  };

  test('matrix-js-sdk opens a room at an old message and pages both ways', async () => {
    const [web, writer] = await Promise.all([webClient(first), bot(last)]);
    const roomId = await writer.createRoom({ preset: 'public_chat', invite: [web.userId] });
    const said: string[] = [];
    for (let index = 0; index < 24; index += 1) said.push(await writer.sendText(roomId, `line ${index}`));
    await sees('the invitation', async () => (await web.membership(roomId)) === 'invite');
    await web.join(roomId);
    await sees('its own join', async () => (await web.membership(roomId)) === 'join');
    const window = new TimelineWindow(web.client, web.room(roomId).getUnfilteredTimelineSet());
    await window.load(said[9], 6);
    for (const direction of [Direction.Backward, Direction.Forward]) {
      while (window.canPaginate(direction) && (await window.paginate(direction, 10)));
    }
    const shown = window.getEvents().map((event) => event.getId() ?? '');
    expect(shown.filter((id) => said.includes(id))).toEqual(said);
  });

  test('matrix-js-sdk learns members lazily, and goes by a filter', async () => {
    const [web, writer, third] = await Promise.all([webClient(last), bot(first), bot(first)]);
    const roomId = await writer.createRoom({ preset: 'public_chat', invite: [web.userId, third.userId] });
    await third.join(roomId);
    for (let index = 0; index < 25; index += 1) await writer.sendText(roomId, `line ${index}`);
    await sees('the invitation', async () => (await web.membership(roomId)) === 'invite');
    await web.join(roomId);
    const again = await world.login(jsSdk, last, web.userId);
    if (!(again instanceof JsSdkClient)) throw new Error('not of this library');
    await again.start();
    await again.room(roomId).loadMembersIfNeeded();
    expect(
      again
        .room(roomId)
        .getJoinedMembers()
        .map(({ userId }) => userId)
        .sort(),
    ).toEqual([web.userId, writer.userId, third.userId].sort());
    const filter = new Filter(again.userId);
    filter.setDefinition({ room: { timeline: { types: ['m.room.create'], limit: 10 } } });
    const { chunk } = await again.client.createMessagesRequest(roomId, null, 30, Direction.Backward, filter);
    expect(chunk.map(({ type }) => type)).toEqual(['m.room.create']);
  });

  test('matrix-nio iterates over relations and threads', async () => {
    const client = await world.user({ sdk: nio, server: first }, 'nio');
    if (!(client instanceof NioClient)) throw new Error('not of this library');
    const roomId = await client.createRoom({ preset: 'private_chat' });
    const root = await client.sendText(roomId, 'root');
    const replies: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const relation = { rel_type: 'm.thread', event_id: root };
      const content = { msgtype: 'm.text', body: `reply ${index}`, 'm.relates_to': relation };
      replies.unshift(await client.sendEvent(roomId, 'm.room.message', content));
    }
    expect(idsOf(await client.relations(roomId, root))).toEqual(replies);
    expect(idsOf(await client.threads(roomId))).toEqual([root]);
  });
}
