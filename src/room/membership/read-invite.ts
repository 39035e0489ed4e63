import { stripPdu } from '../../matrix/event/strip.ts';
import { forbidden } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomStore } from '../store.ts';
import { memberEvent } from './change-membership.ts';
import { shownToInvitees } from './invite-room-state.ts';
import { storedInviteState } from './out-of-band.ts';

/**
 * The stripped state that an invited user's client is shown: of our own state, or as the inviter's server sent it, and
 * the invite itself. Throws `M_FORBIDDEN` for who is not invited. Source: Client-Server API, "Stripped state".
 */
export function readInvite(store: RoomStore, userId: UserId): readonly JsonObject[] {
  const invite = memberEvent(store, userId);
  if (invite?.content['membership'] !== 'invite') throw forbidden('You are not invited to this room');
  const own = store.meta.lifecycle() === 'live' ? ownState(store, invite.sender) : storedInviteState({ store }, userId);
  const stripped = stripPdu(invite);
  return stripped === undefined ? own : [...own, { ...stripped }];
}

function ownState(store: RoomStore, inviter: UserId): readonly JsonObject[] {
  return shownToInvitees(store, inviter).flatMap((eventId) => {
    const event = eventId === undefined ? undefined : store.events.get(eventId);
    const stripped = event === undefined ? undefined : stripPdu(event.pdu);
    return stripped === undefined ? [] : [{ ...stripped }];
  });
}
