import { expect, test } from 'vitest';

import type { EventId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { leaveWithTheLast } from '../../../src/room/membership/change-membership.ts';
import { makeMembership } from '../../../src/room/servers/membership-handshake.ts';
import { eventForServer, missingEventsForServer } from '../../../src/room/servers/read-for-server.ts';
import { acceptJoin } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const two = 'two' as ServerName;

/** A room of two servers, of which the first has left. */
function leftRoom(): { readonly room: RoomRig; readonly leave: EventId; readonly join: EventId } {
  const room = new RoomRig('one');
  room.create('11', alice);
  const { pdu: join } = acceptJoin(room, bob);
  const leave = room.member(alice, alice, 'leave').eventId;
  room.turn(leaveWithTheLast);
  expect(room.store.meta.lifecycle()).toBe('left');
  return { room, leave, join: join.eventId };
}

test('what the last leave of a server rests on is still given to those who were in the room', () => {
  const { room, leave, join } = leftRoom();
  const query = { earliest: [], latest: [leave], limit: 1, minDepth: 0 };
  const given = missingEventsForServer(room.store, two, query);
  expect(given).toEqual([eventForServer(room.store, two, join)]);
});

test('a server that was not in the room is given nothing of it', () => {
  const { room, join } = leftRoom();
  expect(() => eventForServer(room.store, 'three' as ServerName, join)).toThrow(
    expect.objectContaining({ errcode: 'M_FORBIDDEN' }),
  );
});

test('nobody joins over a server that has left', () => {
  const { room } = leftRoom();
  const userId = '@carol:two' as UserId;
  expect(() => room.turn((ctx) => makeMembership(ctx, { origin: two, userId, membership: 'join' }))).toThrow(
    expect.objectContaining({ errcode: 'M_NOT_FOUND' }),
  );
});
