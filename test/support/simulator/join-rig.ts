import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import { userIdServer } from '../../../src/matrix/ids/user-id.ts';
import { finishJoin, startJoin, storeOutliers } from '../../../src/room/join/join-saga.ts';
import { acceptMembership } from '../../../src/room/servers/membership-handshake.ts';
import { authChainOf, stateEvents } from '../../../src/room/servers/read-for-server.ts';
import { RoomRig } from './room-rig.ts';
import { signPdu } from './sign-pdu.ts';

/** A join as far as the resident has accepted it: the event, the state before it, and what that rests on. */
export interface AcceptedJoin {
  readonly pdu: Pdu;
  readonly state: readonly EventId[];
  readonly events: readonly Pdu[];
}

/** The user's server signs a join, and the resident takes it. */
export function acceptJoin(resident: RoomRig, userId: UserId): AcceptedJoin {
  const pdu = signPdu(resident, {
    type: 'm.room.member',
    sender: userId,
    stateKey: userId,
    content: { membership: 'join' },
  });
  resident.turn((ctx) => acceptMembership(ctx, pdu, userIdServer(userId), 'join'));
  const { store } = resident;
  const before = store.events.get(pdu.eventId)?.before;
  if (before === undefined) throw new Error('the join was not accepted');
  const state = stateEvents(store, before);
  const events = [...authChainOf(store, state), ...state].map((event) => event.pdu);
  return { pdu, state: state.map((event) => event.pdu.eventId), events };
}

/** A server's copy of the resident's room before it is born. */
export function emptyRig(server: string, resident: RoomRig): RoomRig {
  const rig = new RoomRig(server);
  const { meta } = resident.store;
  rig.store.meta.set('room_id', meta.roomId());
  rig.store.meta.set('room_version', meta.roomVersion());
  rig.store.meta.set('epoch', '1');
  return rig;
}

export function beginJoin(rig: RoomRig, { pdu, events }: AcceptedJoin): void {
  rig.turn((ctx) => startJoin(ctx, { userId: pdu.sender, shard: 's1', pdu, servers: [] }));
  rig.turn((ctx) => storeOutliers(ctx, events));
}

export function endJoin(rig: RoomRig, { pdu, state }: AcceptedJoin): void {
  rig.turn((ctx) => finishJoin(ctx, { pdu, userId: pdu.sender, state }));
}

/** The copy of another server, which has just entered the room over the resident. */
export function joinedRig(resident: RoomRig, userId: UserId): RoomRig {
  const rig = emptyRig(userIdServer(userId), resident);
  const join = acceptJoin(resident, userId);
  beginJoin(rig, join);
  endJoin(rig, join);
  return rig;
}
