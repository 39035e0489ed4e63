import { isAllowedByAcl } from '../../matrix/auth/server-acl.ts';
import { forbidden } from '../../matrix/error.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/**
 * Throws `M_FORBIDDEN` for a server that the room's ACL keeps out: the one place that enforces it, whatever the server
 * asks or sends. Source: Server-Server API, "Server Access Control Lists (ACLs)".
 */
export function requireAllowed({ state, events, stream }: RoomStore, server: ServerName): void {
  const eventId = state.at('m.room.server_acl', '', stream.head());
  const acl = eventId === undefined ? undefined : events.get(eventId);
  if (!isAllowedByAcl(acl?.pdu.content, server)) throw forbidden('Your server is not allowed in this room');
}
