import { expect, test } from 'vitest';

import { buildPdu } from '../../src/matrix/event/build.ts';
import type { Pdu } from '../../src/matrix/event/pdu.ts';
import type { ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { memberEvent } from '../../src/room/membership/change-membership.ts';
import { receiveInvite } from '../../src/room/membership/out-of-band.ts';
import { defaultInitial, keyOf, RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const eve = '@eve:two' as UserId;

/** A room of ours that a user of another server is in, and that user's invitation of one of ours. */
function invitedInto(eveIs: 'join' | 'ban') {
  const room = new RoomRig('one');
  const create = room.create('11', alice, defaultInitial(alice));
  const joined = sign(room, create, eve, eve, 'join');
  room.receive(joined, 'two');
  const invite = sign(room, create, eve, bob, 'invite');
  if (eveIs === 'ban') room.member(alice, eve, 'ban');
  return { room, invite };
}

function sign(room: RoomRig, create: Pdu, sender: UserId, target: UserId, membership: string): Pdu {
  const head = room.store.stream.head();
  const auth = [
    create.eventId,
    room.store.state.at('m.room.power_levels', '', head),
    room.store.state.at('m.room.join_rules', '', head),
    room.store.state.at('m.room.member', sender, head),
  ].filter((id) => id !== undefined);
  const built = buildPdu(
    room.store.rules(),
    {
      roomId: create.roomId,
      type: 'm.room.member',
      sender,
      stateKey: target,
      content: { membership },
      prevEvents: [...room.store.extremities.forward()],
      authEvents: auth,
      depth: 20,
      originServerTs: room.now,
    },
    'two' as ServerName,
    keyOf('two'),
  );
  if (!built.ok) throw new Error(built.reason.kind);
  return built.value;
}

const receive = (room: RoomRig, pdu: Pdu) =>
  room.turn((ctx) => receiveInvite(ctx, { pdu, shard: 's2', inviteRoomState: [] }));

test('an invitation from outside to a room that we are in is an event of the room, and its shard is known', () => {
  const { room, invite } = invitedInto('join');
  receive(room, invite);
  expect(room.store.extremities.forward()).toEqual([invite.eventId]);
  expect(memberEvent(room.store, bob)?.eventId).toBe(invite.eventId);
  expect(room.store.localUsers.shardOf(bob)).toBe('s2');
  expect(room.store.meta.lifecycle()).toBe('live');
});

test('coming again, by transaction or to the endpoint, it changes nothing', () => {
  const { room, invite } = invitedInto('join');
  receive(room, invite);
  const head = room.store.stream.head();
  expect(room.receive(invite, 'two').kind).toBe('known');
  receive(room, invite);
  expect(room.store.stream.head()).toBe(head);
});

test('an invitation by who may not invite any more is refused, however often it comes', () => {
  const { room, invite } = invitedInto('ban');
  for (let time = 0; time < 2; time += 1) {
    expect(() => receive(room, invite)).toThrow(expect.objectContaining({ errcode: 'M_FORBIDDEN' }));
  }
  expect(memberEvent(room.store, bob)).toBeUndefined();
});
