import { resolveAlias, type ResolvedAlias } from '../../rooms/room-aliases.ts';
import { roomAliasOf, roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

/** The room that a path names, and the servers that its alias names. Throws `M_INVALID_PARAM`, `M_NOT_FOUND`. */
export async function roomByIdOrAlias(
  deps: Pick<RoomRoutesDeps, 'rooms' | 'room'>,
  text: string,
): Promise<ResolvedAlias> {
  if (text.startsWith('#')) return resolveAlias(deps, roomAliasOf(text));
  return { roomId: roomIdOf(text), servers: [] };
}
