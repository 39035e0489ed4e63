import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState, shareRoom } from './support/shared-room.ts';

// A Synapse turns to the removed v1 routes where an Eyrie does not know those of v2; an Eyrie only to that of invites.
const pair = usePair({
  unknownPaths: {
    eyrie: /^\/_matrix\/federation\/v2\/(send_join|send_leave|invite)\//,
    synapse: /^\/_matrix\/federation\/v2\/invite\//,
  },
});

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;
  const asked = (side: typeof host, route: string) =>
    pair.front(side).asked.filter((line) => line.startsWith(`PUT /_matrix/federation/v1/${route}/`)).length;

  test.each(['1', '2'])('version %s: who is invited over the v1 route joins and leaves', async (version) => {
    const before = asked(joiner, 'invite');
    const { alice, bob, roomId } = await shareRoom(pair, direction, { room_version: version, name: 'Attic' });
    expect(asked(joiner, 'invite')).toBe(before + 1);
    expect(bob.room(roomId).inviteState.find(({ type }) => type === 'm.room.name')?.content).toEqual({ name: 'Attic' });
    await bob.seesEvent(roomId, await alice.send(roomId, 'hello'));
    await alice.seesEvent(roomId, await bob.send(roomId, 'hello to you'));
    await expectSameState(alice, bob, roomId);
    await bob.leave(roomId);
    await alice.seesMembership(roomId, bob.userId, 'leave');
  });

  test('version 11: nobody can be invited over the v1 route, and says so', async () => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    const roomId = await alice.createRoom({ preset: 'private_chat', room_version: '11' });
    const before = asked(joiner, 'invite');
    // A Synapse says which version it is about, an Eyrie what the other server said.
    const { status, errcode } = await refusal(alice.invite(roomId, bob.userId));
    expect([status, errcode]).toEqual(
      pair.software[host] === 'eyrie' ? [502, 'M_UNKNOWN'] : [400, 'M_UNSUPPORTED_ROOM_VERSION'],
    );
    expect(asked(joiner, 'invite')).toBe(before);
    expect(await alice.joinedMembers(roomId)).toEqual([alice.userId]);
  });

  if (pair.software[host] === 'eyrie') {
    test.each(['1', '6', '11', '12'])('version %s: a public room is joined over v1 send_join', async (version) => {
      const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
      const roomId = await alice.createRoom({ preset: 'public_chat', room_version: version });
      const before = asked(host, 'send_join');
      await bob.join(roomId, [pair.server(host).serverName]);
      await alice.seesMembership(roomId, bob.userId, 'join');
      expect(asked(host, 'send_join')).toBe(before + 1);
      await alice.seesEvent(roomId, await bob.send(roomId, 'over the old way'));
      await expectSameState(alice, bob, roomId);
    });

    test('an invitation is rejected over v1 send_leave', async () => {
      const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
      const roomId = await alice.createRoom({ preset: 'private_chat', room_version: '1', invite: [bob.userId] });
      await bob.seesInvite(roomId);
      const before = asked(host, 'send_leave');
      await bob.leave(roomId);
      await alice.seesMembership(roomId, bob.userId, 'leave');
      expect(asked(host, 'send_leave')).toBe(before + 1);
    });
  }
});
