import { strippedStateTypes } from '../../matrix/event/strip.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore } from '../store.ts';

/** The state that an invited user is shown: what tells the room, and who invites them. */
export function shownToInvitees(store: RoomStore, inviter: UserId): readonly (EventId | undefined)[] {
  const head = store.stream.head();
  return [
    ...strippedStateTypes.map((type) => store.state.at(type, '', head)),
    store.state.at('m.room.member', inviter, head),
  ];
}

/**
 * What goes with an invitation: whole PDUs, so that the other server can check them, the create event among them.
 * In room versions 1 to 5, of which nobody checks them, numbers that only JSON text can hold are rounded.
 * Source: Server-Server API, `PUT /v2/invite/{roomId}/{eventId}`, `invite_room_state` (MSC4311).
 */
export function inviteRoomState(ctx: RoomContext, inviter: UserId): readonly JsonObject[] {
  const { store } = ctx;
  return shownToInvitees(store, inviter)
    .map((eventId) => (eventId === undefined ? undefined : store.events.get(eventId)?.pdu.json))
    .filter((json) => json !== undefined)
    .map(plainJson);
}
