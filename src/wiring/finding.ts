import type { Config, Env } from '../config.ts';
import type { Federation } from '../durable/federation.ts';
import type { RoomClient } from '../durable/room/client.ts';
import { createRemoteServers } from '../federation/remote-servers.ts';
import type { FindingDeps } from '../http/client/finding/deps.ts';
import type { FederationFindingDeps } from '../http/federation/finding/deps.ts';
import type { RequireUser } from '../http/client/from-user.ts';
import type { RequireServer } from '../http/middleware/require-server.ts';
import { localRooms } from '../rooms/finding/published-rooms.ts';
import { publishedRooms } from '../storage/d1/published-rooms.ts';

/** Meets what finding rooms needs, for clients and for other servers. */
export function findingDeps(
  env: Env,
  config: Config,
  parts: {
    readonly federation: Federation;
    readonly rooms: RoomClient;
    readonly requireUser: RequireUser;
    readonly requireServer: RequireServer;
  },
): FindingDeps & FederationFindingDeps {
  const { federation, rooms, requireUser, requireServer } = parts;
  return {
    serverName: config.serverName,
    requireUser,
    requireServer,
    localRooms: localRooms({
      published: publishedRooms(env.DB, Date.now),
      entryOf: (roomId) => rooms.directoryEntry({ roomId }),
    }),
    remote: createRemoteServers(federation.client),
  };
}
