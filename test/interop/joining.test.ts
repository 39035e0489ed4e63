import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { expectSameState } from './support/shared-room.ts';

const pair = usePair();

describe.each(directions())('$title', ({ host, joiner }) => {
  test('a public room is joined by its alias', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const localpart = `lobby-${host}`;
    const roomId = await alice.createRoom({ preset: 'public_chat', room_alias_name: localpart });
    const alias = `#${localpart}:${pair.server(host).serverName}`;

    const found = await bob.request<{ room_id: string; servers: string[] }>(
      'GET',
      `/directory/room/${encodeURIComponent(alias)}`,
    );
    expect(found.room_id).toBe(roomId);
    expect(found.servers).toContain(pair.server(host).serverName);
    expect(await bob.join(alias)).toBe(roomId);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await bob.seesEvent(roomId, await alice.send(roomId, 'welcome'));
    await alice.seesEvent(roomId, await bob.send(roomId, 'thank you'));
  });

  test('a public room is joined by its ID through a named server', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'public_chat', topic: 'open' });
    expect(await bob.join(roomId, [pair.server(host).serverName])).toBe(roomId);
    await alice.seesMembership(roomId, bob.userId, 'join');
    expect(await bob.state(roomId, 'm.room.topic')).toMatchObject({ topic: 'open' });
    await alice.seesEvent(roomId, await bob.send(roomId, 'here I am'));
    await expectSameState(alice, bob, roomId);
  });
});
