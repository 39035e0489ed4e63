import { describe, expect, test } from 'vitest';

import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState } from './support/shared-room.ts';

const pair = usePair();

const joinRules = (rule: string, ...spaces: readonly string[]) => ({
  type: 'm.room.join_rules',
  state_key: '',
  content: { join_rule: rule, allow: spaces.map((id) => ({ type: 'm.room_membership', room_id: id })) },
});

describe.each(directions())('$title', ({ host, joiner }) => {
  const via = () => [pair.server(host).serverName];
  const authorisedBy = (viewer: FollowingClient, roomId: string, { userId }: FollowingClient) =>
    viewer.room(roomId).state('m.room.member', userId)?.content['join_authorised_via_users_server'];

  async function aSpace(owner: FollowingClient, ...members: readonly FollowingClient[]): Promise<string> {
    const space = await owner.createRoom({ preset: 'public_chat', creation_content: { type: 'm.space' } });
    for (const member of members) {
      await member.join(space, via());
      await owner.seesMembership(space, member.userId, 'join');
    }
    return space;
  }

  test.each(['8', '10', '11', '12'])(
    'version %s: members of a space come in by an authorisation of the host, others do not',
    async (version) => {
      const alice = await pair.user(host, 'alice');
      const [bob, carol] = [await pair.user(joiner, 'bob'), await pair.user(joiner, 'carol')];
      const space = await aSpace(alice, bob);
      const initial = { initial_state: [joinRules('restricted', space)], room_version: version };
      const roomId = await alice.createRoom({ preset: 'private_chat', ...initial });
      expect(await refusal(carol.join(roomId, via()))).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
      await bob.join(roomId, via());
      await alice.seesMembership(roomId, bob.userId, 'join');
      expect(authorisedBy(alice, roomId, bob)).toBe(alice.userId);
      // Both servers are in the room now, and nobody of the joiner's may invite.
      expect((await refusal(carol.join(roomId, via()))).status).toBe(403);
      await alice.seesEvent(roomId, await bob.send(roomId, 'from the space'));
      await expectSameState(alice, bob, roomId);
    },
  );

  test('a server in the room whose users may invite lets in a further one itself', async () => {
    const alice = await pair.user(host, 'alice');
    const [bob, carol] = [await pair.user(joiner, 'bob'), await pair.user(joiner, 'carol')];
    const space = await aSpace(alice, bob, carol);
    const levels = { power_level_content_override: { invite: 0 } };
    const initial = { initial_state: [joinRules('restricted', space)], ...levels };
    const roomId = await alice.createRoom({ preset: 'private_chat', ...initial });
    await bob.join(roomId, via());
    await bob.seesMembership(roomId, bob.userId, 'join');
    await carol.join(roomId, via());
    await alice.seesMembership(roomId, carol.userId, 'join');
    expect(authorisedBy(alice, roomId, carol)).toBe(bob.userId);
    await alice.seesEvent(roomId, await carol.send(roomId, 'next door'));
    await expectSameState(alice, carol, roomId);
  });

  test('a server in the room whose users may not invite has a further one let in by the other', async () => {
    const alice = await pair.user(host, 'alice');
    const [bob, carol] = [await pair.user(joiner, 'bob'), await pair.user(joiner, 'carol')];
    const space = await aSpace(alice, bob, carol);
    const levels = { power_level_content_override: { invite: 50 } };
    const initial = { initial_state: [joinRules('restricted', space)], ...levels };
    const roomId = await alice.createRoom({ preset: 'private_chat', ...initial });
    await bob.join(roomId, via());
    await alice.seesMembership(roomId, bob.userId, 'join');
    await bob.seesMembership(roomId, bob.userId, 'join');
    await carol.join(roomId, via());
    await alice.seesMembership(roomId, carol.userId, 'join');
    expect(authorisedBy(alice, roomId, carol)).toBe(alice.userId);
    await alice.seesEvent(roomId, await carol.send(roomId, 'let in from afar'));
    await bob.seesEvent(roomId, await alice.send(roomId, 'welcome'));
    await expectSameState(alice, carol, roomId);
  });

  test.each(['10', '12'])(
    'version %s: on a knock_restricted room members of the space come in, and others knock',
    async (version) => {
      const alice = await pair.user(host, 'alice');
      const [bob, carol] = [await pair.user(joiner, 'bob'), await pair.user(joiner, 'carol')];
      const space = await aSpace(alice, bob);
      const initial = { initial_state: [joinRules('knock_restricted', space)], room_version: version };
      const roomId = await alice.createRoom({ preset: 'private_chat', ...initial });
      expect((await refusal(carol.join(roomId, via()))).status).toBe(403);
      const query = { server_name: pair.server(host).serverName, via: pair.server(host).serverName };
      await carol.request('POST', `/knock/${encodeURIComponent(roomId)}`, { reason: 'let me in' }, { query });
      await alice.seesMembership(roomId, carol.userId, 'knock');
      await bob.join(roomId, via());
      await alice.seesMembership(roomId, bob.userId, 'join');
      // A Synapse answers this only when it has the whole state: the invitation is not to come in between.
      await expectSameState(alice, bob, roomId);
      await alice.invite(roomId, carol.userId);
      await carol.seesInvite(roomId);
      // A Synapse that is in the room has the invitation before it is in the state by which it lets its users in.
      await bob.seesMembership(roomId, carol.userId, 'invite');
      await carol.join(roomId);
      await alice.seesMembership(roomId, carol.userId, 'join');
      expect(authorisedBy(alice, roomId, carol)).toBeUndefined();
      await bob.seesEvent(roomId, await carol.send(roomId, 'thank you'));
      await expectSameState(alice, bob, roomId);
    },
  );

  test('who left the space does not come in again', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const space = await aSpace(alice, bob);
    const roomId = await alice.createRoom({ preset: 'private_chat', initial_state: [joinRules('restricted', space)] });
    await bob.join(roomId, via());
    await alice.seesMembership(roomId, bob.userId, 'join');
    for (const left of [space, roomId]) {
      await bob.leave(left);
      await alice.seesMembership(left, bob.userId, 'leave');
    }
    expect(await refusal(bob.join(roomId, via()))).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
  });
});
