import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState, shareRoom } from './support/shared-room.ts';

const pair = usePair();

async function upgrade(client: FollowingClient, roomId: string, version: string): Promise<string> {
  const path = `/rooms/${encodeURIComponent(roomId)}/upgrade`;
  const body = { new_version: version };
  return (await client.request<{ replacement_room: string }>('POST', path, body)).replacement_room;
}

const create = (client: FollowingClient, roomId: string) =>
  client.room(roomId).state('m.room.create')?.content as { room_version?: string; predecessor?: { room_id: string } };

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;

  test.each([
    ['10', '11'],
    ['11', '12'],
  ])('a public room of version %s is upgraded to %s, and who is elsewhere follows the tombstone', async (from, to) => {
    const localpart = `house-${host}-${from}`;
    const alias = `#${localpart}:${pair.server(host).serverName}`;
    const { alice, bob, roomId } = await shareRoom(pair, direction, {
      preset: 'public_chat',
      room_version: from,
      name: 'House',
      topic: 'To be rebuilt',
      room_alias_name: localpart,
      power_level_content_override: { users_default: 7 },
    });
    const carol = await pair.user(joiner, 'carol');
    const ban = { user_id: carol.userId, reason: 'noise' };
    await alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/ban`, ban);
    await bob.seesMembership(roomId, carol.userId, 'ban');

    const next = await upgrade(alice, roomId, to);
    const tombstone = await bob.sees('the tombstone', () => bob.room(roomId).state('m.room.tombstone'));
    expect(tombstone.content).toMatchObject({ replacement_room: next });
    await until('the old room to be closed', async () => {
      expect(await refusal(bob.send(roomId, 'too late'))).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
      return true;
    });

    expect(await bob.join(next, [pair.server(host).serverName])).toBe(next);
    await alice.seesMembership(next, bob.userId, 'join');
    await bob.sees('the new room', () => create(bob, next));
    expect(create(bob, next)).toMatchObject({ room_version: to, predecessor: { room_id: roomId } });
    expect(await bob.state(next, 'm.room.name')).toEqual({ name: 'House' });
    expect(await bob.state(next, 'm.room.topic')).toMatchObject({ topic: 'To be rebuilt' });
    expect(await bob.state(next, 'm.room.power_levels')).toMatchObject({ users_default: 7 });
    expect(await bob.state(next, 'm.room.member', carol.userId)).toMatchObject({ membership: 'ban' });
    const found = await bob.request('GET', `/directory/room/${encodeURIComponent(alias)}`);
    expect(found).toMatchObject({ room_id: next });
    await alice.seesEvent(next, await bob.send(next, 'moved in'));
    await expectSameState(alice, bob, next);
  });

  test('a guest of the other server who may upgrades a room, and the host follows', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { preset: 'public_chat', room_version: '11' });
    const levels = await alice.state(roomId, 'm.room.power_levels');
    const users = { ...(levels['users'] as Record<string, number>), [bob.userId]: 100 };
    await bob.seesEvent(roomId, await alice.sendState(roomId, 'm.room.power_levels', { ...levels, users }));
    const next = await upgrade(bob, roomId, '12');
    const tombstone = await alice.sees('the tombstone', () => alice.room(roomId).state('m.room.tombstone'));
    expect(tombstone.content).toMatchObject({ replacement_room: next });
    await alice.join(next, [pair.server(joiner).serverName]);
    await bob.seesMembership(next, alice.userId, 'join');
    await bob.seesEvent(next, await alice.send(next, 'here too'));
    await expectSameState(alice, bob, next);
  });

  test('who is in a private room that is upgraded can go on in the new one', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { room_version: '11', name: 'Study' });
    const next = await upgrade(alice, roomId, '12');
    await bob.sees('the tombstone', () => bob.room(roomId).state('m.room.tombstone'));
    // A Synapse that upgrades invites nobody by itself, and the new room is by invitation.
    if (pair.software[host] === 'synapse') await alice.invite(next, bob.userId);
    await bob.seesInvite(next);
    await bob.join(next);
    await alice.seesMembership(next, bob.userId, 'join');
    await alice.seesEvent(next, await bob.send(next, 'followed'));
    await expectSameState(alice, bob, next);
  });
});
