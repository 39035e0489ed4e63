import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';

const pair = usePair();

interface Listed {
  room_id: string;
  name?: string;
  num_joined_members: number;
}

describe.each(directions())('$title', ({ host, joiner }) => {
  const server = () => pair.server(host).serverName;
  const joinRule = (rule: string, allow: readonly string[] = []) => ({
    type: 'm.room.join_rules',
    state_key: '',
    content: {
      join_rule: rule,
      ...(allow.length === 0 ? {} : { allow: allow.map((id) => ({ type: 'm.room_membership', room_id: id })) }),
    },
  });

  test('a published room is found in the directory of the other server', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const names = [`Belvedere ${host}`, `Belfry ${host}`];
    const roomIds = [];
    for (const name of names) {
      roomIds.push(await alice.createRoom({ preset: 'public_chat', name, topic: 'A view', visibility: 'public' }));
    }
    const list = (body: object) =>
      bob.request<{ chunk: Listed[]; next_batch?: string }>('POST', '/publicRooms', body, {
        query: { server: server() },
      });
    const found = await until('the room in the directory', async () => {
      const { chunk } = await list({ filter: { generic_search_term: 'belvedere' } });
      return chunk.length > 0 ? chunk : undefined;
    });
    expect(found).toMatchObject([{ room_id: roomIds[0], name: names[0], topic: 'A view', num_joined_members: 1 }]);
    expect((await list({ filter: { room_types: ['m.space'] } })).chunk).toEqual([]);

    const listed: Listed[] = [];
    let since: string | undefined;
    do {
      const query = { server: server(), limit: 1, ...(since === undefined ? {} : { since }) };
      const page = await bob.request<{ chunk: Listed[]; next_batch?: string }>('GET', '/publicRooms', undefined, {
        query,
      });
      listed.push(...page.chunk);
      since = page.next_batch;
    } while (since !== undefined);
    expect(listed.map(({ room_id: id }) => id)).toEqual(expect.arrayContaining(roomIds));
    expect(await bob.join(roomIds[0] ?? '', [server()])).toBe(roomIds[0]);
  });

  test('a space of the other server is explored, as far as one may', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const aSpace = (name: string) =>
      alice.createRoom({ preset: 'public_chat', name, creation_content: { type: 'm.space' } });
    const [root, inner] = [await aSpace('Root'), await aSpace('Inner')];
    const open = await alice.createRoom({ preset: 'public_chat', name: 'Open' });
    const leaf = await alice.createRoom({ preset: 'public_chat', name: 'Leaf' });
    const closed = await alice.createRoom({ preset: 'private_chat', name: 'Closed' });
    const restricted = await alice.createRoom({
      preset: 'private_chat',
      name: 'Restricted',
      initial_state: [joinRule('restricted', [root])],
    });
    const put = (space: string, child: string, content: object) =>
      alice.request('PUT', `/rooms/${encodeURIComponent(space)}/state/m.space.child/${encodeURIComponent(child)}`, {
        via: [server()],
        ...content,
      });
    await put(root, inner, { order: 'a' });
    await put(inner, leaf, {});
    await put(root, open, { order: 'b', suggested: true });
    await put(root, closed, { order: 'c' });
    await put(root, restricted, { order: 'd' });

    const explore = async (query: Record<string, string | number | boolean> = {}) => {
      const path = `/_matrix/client/v1/rooms/${encodeURIComponent(root)}/hierarchy`;
      const { rooms } = await bob.request<{ rooms: Listed[] }>('GET', path, undefined, { query });
      return rooms.map(({ room_id: id }) => id);
    };
    await bob.join(root, [server()]);
    await alice.seesMembership(root, bob.userId, 'join');
    await until('the whole space', async () => (await explore()).length === 5 || undefined);
    expect(await explore()).toEqual([root, inner, leaf, open, restricted]);
    expect(await explore({ max_depth: 1 })).toEqual([root, inner, open, restricted]);
    expect(await explore({ suggested_only: true })).toEqual([root, open]);
  });

  test('an event from before the join is found by its time, and read', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'public_chat' });
    const ids = [];
    for (let count = 0; count < 40; count += 1) ids.push(await alice.send(roomId, `old ${count}`));
    const wanted = ids[15] ?? '';
    const event = (client: typeof bob) =>
      client.request<{ origin_server_ts: number }>(
        'GET',
        `/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(wanted)}`,
      );
    const { origin_server_ts: ts } = await event(alice);
    const find = (client: typeof bob, at: number, dir: 'f' | 'b') =>
      client.request<{ event_id: string; origin_server_ts: number }>(
        'GET',
        `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/timestamp_to_event`,
        undefined,
        { query: { ts: at, dir } },
      );
    await bob.join(roomId, [server()]);
    await alice.seesMembership(roomId, bob.userId, 'join');
    for (const dir of ['f', 'b'] as const) {
      expect((await find(bob, ts, dir)).origin_server_ts).toBe(ts);
      expect(await find(bob, ts, dir)).toEqual(await find(alice, ts, dir));
    }
    const context = `/rooms/${encodeURIComponent(roomId)}/context/${encodeURIComponent((await find(bob, ts, 'f')).event_id)}`;
    expect(await bob.request('GET', context)).toMatchObject({ event: { origin_server_ts: ts } });
    await bob.seesEvent(roomId, await alice.send(roomId, 'new'));
    const said = await bob.send(roomId, 'newer');
    await alice.seesEvent(roomId, said);
    const late = Date.now() + 60_000;
    expect((await find(alice, late, 'b')).event_id).toBe(said);
    expect((await find(bob, late, 'b')).event_id).toBe(said);
    expect(await refusal(find(bob, late, 'f'))).toEqual({ status: 404, errcode: 'M_NOT_FOUND' });
  });

  test('a room of the other server is summarised', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'public_chat', name: 'Gallery', topic: 'Pictures' });
    const secret = await alice.createRoom({ preset: 'private_chat', name: 'Secret' });
    const summary = (id: string) =>
      bob.request('GET', `/_matrix/client/v1/room_summary/${encodeURIComponent(id)}`, undefined, {
        query: { via: server() },
      });
    expect(await summary(roomId)).toMatchObject({
      room_id: roomId,
      name: 'Gallery',
      topic: 'Pictures',
      num_joined_members: 1,
      join_rule: 'public',
      world_readable: false,
    });
    expect(await refusal(summary(secret))).toEqual({ status: 404, errcode: 'M_NOT_FOUND' });
  });
});
