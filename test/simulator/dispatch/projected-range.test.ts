import { expect, test } from 'vitest';

import type { UserId } from '../../../src/matrix/ids/brands.ts';
import { projectedRange } from '../../../src/room/dispatch/projected-range.ts';
import { receiveInvite } from '../../../src/room/membership/out-of-band.ts';
import { emptyRig } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';
import { signPdu } from '../../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const AT_ONCE = 50;

test('many invitations into a room that we are not in are projected a part at a time, and none is left out', () => {
  const resident = new RoomRig('one');
  resident.create('11', alice);
  const room = emptyRig('two', resident);
  const invitees = Array.from({ length: AT_ONCE + 10 }, (_, n) => `@user${n}:two` as UserId);
  for (const stateKey of invitees) {
    const pdu = signPdu(resident, {
      type: 'm.room.member',
      sender: alice,
      stateKey,
      content: { membership: 'invite' },
    });
    room.turn((ctx) => receiveInvite(ctx, { pdu, shard: 's1', inviteRoomState: [] }));
  }
  const head = room.store.stream.head();
  const first = projectedRange(room.store, 0, head, room.serverName);
  const rest = projectedRange(room.store, first.to, head, room.serverName);
  expect([first, rest].map(({ events }) => events.length)).toEqual([AT_ONCE, 10]);
  expect([first, rest].flatMap(({ memberships }) => memberships.map(({ userId }) => userId))).toEqual(invitees);
  expect(rest.to).toBe(head);
});
