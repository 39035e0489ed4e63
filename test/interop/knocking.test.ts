import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState } from './support/shared-room.ts';

const pair = usePair();

// Synapse tells nobody that a knock of its user was taken back, nor its user that a knock was refused, nor the server of
// whose knock it refuses: two of our own servers do that in test/system/knocking.test.ts.
describe.each(directions())('$title', ({ host, joiner }) => {
  const via = () => ({ server_name: pair.server(host).serverName, via: pair.server(host).serverName });

  async function knocked(joinRule = 'knock') {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const joinRules = { type: 'm.room.join_rules', state_key: '', content: { join_rule: joinRule } };
    const roomId = await alice.createRoom({ preset: 'private_chat', name: 'Ledge', initial_state: [joinRules] });
    const path = `/knock/${encodeURIComponent(roomId)}`;
    const knock = () => bob.request<{ room_id: string }>('POST', path, { reason: 'please' }, { query: via() });
    return { alice, bob, roomId, knock };
  }

  test('who knocks is shown what the room is, and is let in', async () => {
    const { alice, bob, roomId, knock } = await knocked();
    expect(await knock()).toEqual({ room_id: roomId });
    await alice.seesMembership(roomId, bob.userId, 'knock');
    expect(alice.room(roomId).state('m.room.member', bob.userId)?.content['reason']).toBe('please');
    await bob.seesKnock(roomId);
    const known = (type: string) => bob.room(roomId).knockState.find((event) => event.type === type)?.content;
    expect(known('m.room.name')).toEqual({ name: 'Ledge' });
    expect(known('m.room.create')).toBeDefined();
    expect(known('m.room.member')).toMatchObject({ membership: 'knock' });

    await alice.invite(roomId, bob.userId);
    await bob.seesInvite(roomId);
    await bob.join(roomId);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await alice.seesEvent(roomId, await bob.send(roomId, 'here I am'));
    await expectSameState(alice, bob, roomId);
  });

  test('a room that nobody may knock on says so', async () => {
    const { knock } = await knocked('invite');
    expect(await refusal(knock())).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
  });

  if (pair.software[joiner] === 'eyrie') {
    test('a knock is taken back', async () => {
      const { alice, bob, roomId, knock } = await knocked();
      await knock();
      await alice.seesMembership(roomId, bob.userId, 'knock');
      await bob.seesKnock(roomId);
      await bob.leave(roomId);
      await alice.seesMembership(roomId, bob.userId, 'leave');
      await bob.sees('the end of the knock', () => bob.room(roomId).membership === 'leave');
    });
  }
});
