import { expect, test } from 'vitest';

import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import { openRejection, receiveInvite, rejectRemoteInvite } from '../../src/room/membership/out-of-band.ts';
import { commitInvite, draftInvite, dropDraft, openDraft } from '../../src/room/membership/remote-invite.ts';
import { acceptJoin, beginJoin, emptyRig, endJoin } from '../support/simulator/join-rig.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const DAY_MS = 86_400_000;

function aRoom(): RoomRig {
  const room = new RoomRig('one');
  room.create('11', alice);
  return room;
}

const draft = (room: RoomRig) =>
  room.turn((ctx) => draftInvite(ctx, { action: 'invite', sender: alice, target: bob, content: {} }));

test('an invitation whose asker vanished is asked for again as it is, for a minute', () => {
  const room = aRoom();
  const { eventId, json } = draft(room);
  expect(room.turn((ctx) => openDraft(ctx, eventId))).toMatchObject({ server: 'two', draft: { eventId, json } });
  room.now += 60_000;
  expect(room.turn((ctx) => openDraft(ctx, eventId))).toBeUndefined();
  expect(() => room.turn((ctx) => commitInvite(ctx, eventId, {}))).toThrow(expect.objectContaining({ status: 404 }));
});

test('an invitation that was committed or given up is not asked for again', () => {
  const room = aRoom();
  const committed = draft(room);
  room.turn((ctx) => commitInvite(ctx, committed.eventId, {}));
  expect(room.turn((ctx) => openDraft(ctx, committed.eventId))).toBeUndefined();
  const refused = draft(room);
  room.turn((ctx) => {
    dropDraft(ctx, refused.eventId);
  });
  expect(room.turn((ctx) => openDraft(ctx, refused.eventId))).toBeUndefined();
});

/** Bob's server after he rejected an invitation of Alice's. */
function rejected() {
  const resident = aRoom();
  const invite = (membership: string) => resident.pdu(resident.member(alice, bob, membership).eventId);
  const rig = emptyRig('two', resident);
  const take = (pdu: ReturnType<typeof invite>) =>
    rig.turn((ctx) => receiveInvite(ctx, { pdu, shard: 's1', inviteRoomState: [] }));
  take(invite('invite'));
  const leave = rig.turn((ctx) => rejectRemoteInvite(ctx, bob, {}));
  return { resident, rig, invite, take, leave };
}

const isOpen = (rig: RoomRig, laterMs = 0) => openRejection(rig.store, bob, rig.now + laterMs) !== undefined;

test('a rejection is to be told to the inviter for seven days', () => {
  const { rig } = rejected();
  expect(openRejection(rig.store, bob, rig.now)).toMatchObject({ servers: ['one'] });
  expect(isOpen(rig, 6 * DAY_MS)).toBe(true);
  expect(isOpen(rig, 7 * DAY_MS)).toBe(false);
});

test('a rejection ends with a new invitation', () => {
  const { rig, invite, take } = rejected();
  take(invite('invite'));
  expect(isOpen(rig)).toBe(false);
});

test('a rejection ends with a join', () => {
  const { resident, rig } = rejected();
  const join = acceptJoin(resident, bob);
  endJoin(rig, join, beginJoin(rig, join));
  expect(isOpen(rig)).toBe(false);
});

test('a leave that is another than the rejection is not told as one', () => {
  const { resident, rig, leave } = rejected();
  const join = acceptJoin(resident, bob);
  endJoin(rig, join, beginJoin(rig, join));
  const left: EventId = rig.member(bob, bob, 'leave').eventId;
  expect(left).not.toBe(leave.eventId);
  expect(isOpen(rig)).toBe(false);
});
