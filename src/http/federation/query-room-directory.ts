// GET /_matrix/federation/v1/query/directory (Server-Server API, "Querying for information")
import type { Context } from 'hono';

import { MatrixError, notFound } from '../../matrix/error.ts';
import { roomAliasServer } from '../../matrix/ids/room-alias.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { roomAliasIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

/** Enough to join over; a large room has thousands. */
const MAX_SERVERS = 100;

type Deps = Pick<FederationRoomDeps, 'serverName' | 'rooms' | 'knownRooms' | 'aliases'>;

export const queryRoomDirectory = (deps: Deps) => async (c: Context) => {
  const alias = roomAliasIn(c.req.query('room_alias'));
  const isOurs = roomAliasServer(alias) === deps.serverName;
  const roomId = isOurs ? await deps.aliases.find(alias) : undefined;
  if (roomId === undefined) throw notFound('There is no such alias');
  const others = (await serversIn(deps, roomId)).filter((server) => server !== deps.serverName);
  return c.json({ room_id: roomId, servers: [deps.serverName, ...others].slice(0, MAX_SERVERS) });
};

/** An alias outlives our presence in its room. */
async function serversIn({ knownRooms, rooms }: Deps, roomId: RoomId): Promise<readonly ServerName[]> {
  if ((await knownRooms.versionOf(roomId)) === undefined) return [];
  try {
    return await rooms.joinedServers({ roomId });
  } catch (error) {
    if (error instanceof MatrixError && error.status === 404) return [];
    throw error;
  }
}
