import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
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

  test('a restricted room lets in the members of another', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const via = [pair.server(host).serverName];
    const space = await alice.createRoom({ preset: 'public_chat', creation_content: { type: 'm.space' } });
    const allow = [{ type: 'm.room_membership', room_id: space }];
    const joinRules = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'restricted', allow } };
    const roomId = await alice.createRoom({ preset: 'private_chat', initial_state: [joinRules] });
    expect(await refusal(bob.join(roomId, via))).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
    await bob.join(space, via);
    await alice.seesMembership(space, bob.userId, 'join');
    await bob.join(roomId, via);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await alice.seesEvent(roomId, await bob.send(roomId, 'from the space'));
    await expectSameState(alice, bob, roomId);
  });
});
