import type { Pdu } from '../../matrix/event/pdu.ts';
import { strippedStateTypes } from '../../matrix/event/strip.ts';
import { notFound } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import type { RoomContext } from '../room-context.ts';
import { requireServed } from '../servers/read-for-server.ts';
import type { RoomStore } from '../store.ts';

/** The state that an invited user is shown, or one who knocks: what tells the room, and who invites them. */
export function shownToInvitees(store: RoomStore, inviter: UserId | undefined): readonly (EventId | undefined)[] {
  const head = store.stream.head();
  return [
    ...strippedStateTypes.map((type) => store.state.at(type, '', head)),
    inviter === undefined ? undefined : store.state.at('m.room.member', inviter, head),
  ];
}

/**
 * What goes with an invitation: whole PDUs, so that the other server can check them, the create event among them.
 * In room versions 1 to 5, of which nobody checks them, numbers that only JSON text can hold are rounded.
 * Source: Server-Server API, `PUT /v2/invite/{roomId}/{eventId}`, `invite_room_state` (MSC4311).
 */
export function inviteRoomState({ store }: Pick<RoomContext, 'store'>, inviter: UserId): readonly JsonObject[] {
  return shownPdus(store, inviter).map(({ json }) => plainJson(json));
}

function shownPdus(store: RoomStore, inviter: UserId | undefined): readonly Pdu[] {
  return shownToInvitees(store, inviter)
    .map((eventId) => (eventId === undefined ? undefined : store.events.get(eventId)?.pdu))
    .filter((event) => event !== undefined);
}

/**
 * What a server is told that knocked for its user, as canonical JSON. Throws `M_NOT_FOUND` for a knock that was not
 * accepted. Source: Server-Server API, `PUT /send_knock/{roomId}/{eventId}`, `knock_room_state`.
 */
export function knockRoomState(
  store: RoomStore,
  { origin, eventId }: { readonly origin: ServerName; readonly eventId: EventId },
): readonly string[] {
  requireServed(store, origin);
  const knock = store.events.get(eventId);
  const isAccepted = knock?.status === 'accepted' && knock.pdu.content['membership'] === 'knock';
  if (!isAccepted || userIdServer(knock.pdu.sender) !== origin) throw notFound('There is no such knock');
  return shownPdus(store, undefined).map(({ json }) => canonicalJson(json));
}
