import { isAllowedByAcl } from '../../matrix/auth/server-acl.ts';
import { forbidden } from '../../matrix/error.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/**
 * Whether the room's ACL lets a server in: the one place that asks it, whatever the server asks or sends. Source:
 * Server-Server API, "Server Access Control Lists (ACLs)".
 */
export function isAllowed({ state, events, stream }: RoomStore, server: ServerName): boolean {
  const eventId = state.at('m.room.server_acl', '', stream.head());
  const acl = eventId === undefined ? undefined : events.get(eventId);
  return isAllowedByAcl(acl?.pdu.content, server);
}

/** Throws `M_FORBIDDEN` for a server that the room keeps out. */
export function requireAllowed(store: RoomStore, server: ServerName): void {
  if (!isAllowed(store, server)) throw forbidden('Your server is not allowed in this room');
}
