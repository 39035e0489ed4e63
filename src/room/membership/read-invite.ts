import { stripPdu } from '../../matrix/event/strip.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { forbidden } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomStore } from '../store.ts';
import { memberEvent } from './change-membership.ts';
import { shownToInvitees } from './invite-room-state.ts';
import { storedRoomState } from './out-of-band.ts';

/**
 * The stripped state that the client of an invited user, or of one who knocks, is shown: of our own state, or as the
 * other server sent it, and the membership itself. Throws `M_FORBIDDEN` for anybody else.
 * Source: Client-Server API, "Stripped state".
 */
export function readInvite(store: RoomStore, userId: UserId): readonly JsonObject[] {
  const invite = memberEvent(store, userId);
  const membership = invite?.content['membership'];
  if (invite === undefined || (membership !== 'invite' && membership !== 'knock')) {
    throw forbidden('You are not invited to this room');
  }
  return invitedState(store, invite);
}

/** The same, of an event that invites, or knocks. */
export function invitedState(store: RoomStore, membershipEvent: Pdu): readonly JsonObject[] {
  const isInvite = membershipEvent.content['membership'] === 'invite';
  const own =
    store.meta.lifecycle() === 'live'
      ? ownState(store, isInvite ? membershipEvent.sender : undefined)
      : storedRoomState({ store }, membershipEvent.stateKey as UserId);
  const stripped = stripPdu(membershipEvent);
  return stripped === undefined ? own : [...own, { ...stripped }];
}

function ownState(store: RoomStore, inviter: UserId | undefined): readonly JsonObject[] {
  return shownToInvitees(store, inviter).flatMap((eventId) => {
    const event = eventId === undefined ? undefined : store.events.get(eventId);
    const stripped = event === undefined ? undefined : stripPdu(event.pdu);
    return stripped === undefined ? [] : [{ ...stripped }];
  });
}
