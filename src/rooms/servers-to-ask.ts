import { roomIdServer } from '../matrix/ids/room-id.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';

/** Servers asked for one join or knock. */
const MAX_SERVERS = 8;

/** Other servers over which a room may be entered: those that are named, and the one that its ID names. */
export function serversToAsk(
  { serverName }: Pick<RoomsDeps, 'serverName'>,
  roomId: RoomId,
  named: readonly ServerName[],
): readonly ServerName[] {
  const all = [...named, roomIdServer(roomId)].filter((server) => server !== undefined);
  return [...new Set(all)].filter((server) => server !== serverName).slice(0, MAX_SERVERS);
}
