import { forbidden } from '../../matrix/error.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requireLiveForServers } from '../lifecycle.ts';
import { requireAllowed } from '../servers/require-allowed.ts';
import type { RoomStore } from '../store.ts';

export interface ThirdPartyInvite {
  /** Who invited the address. */
  readonly sender: UserId;
  readonly content: JsonObject;
}

/** The invitation of an address by its token, for the server that exchanges it. Throws `M_FORBIDDEN` for none. */
export function thirdPartyInvite(
  store: RoomStore,
  { origin, token }: { readonly origin: ServerName; readonly token: string },
): ThirdPartyInvite {
  requireLiveForServers(store.meta);
  requireAllowed(store, origin);
  const eventId = store.state.at('m.room.third_party_invite', token, store.stream.head());
  const pdu = eventId === undefined ? undefined : store.events.get(eventId)?.pdu;
  if (pdu === undefined) throw forbidden('There is no such invitation');
  return { sender: pdu.sender, content: pdu.content };
}
