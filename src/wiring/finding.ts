import type { MiddlewareHandler } from 'hono';

import type { Config, Env } from '../config.ts';
import { inTurns } from '../durable/in-turns.ts';
import { pduCheckerOf, type Federation } from '../durable/federation.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { fillHistory } from '../federation/history/fill-history.ts';
import { createRemoteServers } from '../federation/remote-servers.ts';
import type { FindingDeps } from '../http/client/finding/deps.ts';
import type { FederationFindingDeps } from '../http/federation/finding/deps.ts';
import type { RequireUser } from '../http/client/from-user.ts';
import { ignoredUsers } from '../http/client/ignored-users.ts';
import { roomByIdOrAlias } from '../http/client/room-by-id-or-alias.ts';
import type { RequireServer } from '../http/middleware/require-server.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { localRooms } from '../rooms/finding/published-rooms.ts';
import type { UserSearchDeps } from '../rooms/finding/search-users.ts';
import { remoteSpaces } from '../rooms/finding/remote-spaces.ts';
import type { Settings } from '../settings/settings.ts';
import { knownRooms } from '../storage/d1/known-rooms.ts';
import { openRooms } from '../storage/d1/open-rooms.ts';
import { publishedRooms } from '../storage/d1/published-rooms.ts';
import { roomsOfUser } from '../storage/d1/rooms-of-user.ts';
import { shardNames } from '../storage/d1/shard-list.ts';
import { searchCandidates } from '../storage/search-db/search-repository.ts';
import type { RoomsWiring } from './rooms.ts';

/** Rooms, or shards, that are asked at a time for one search of users. */
const AT_ONCE = 50;

/** Meets what finding rooms needs, for clients and for other servers. */
export function findingDeps(
  env: Env,
  config: Config,
  parts: {
    readonly federation: Federation;
    readonly rooms: RoomClient;
    readonly shards: (shard: string) => ShardClient;
    readonly settings: Settings;
    readonly wiring: RoomsWiring;
    readonly requireUser: RequireUser;
    readonly requireServer: RequireServer;
    readonly limitSearches: MiddlewareHandler;
  },
): FindingDeps & FederationFindingDeps {
  const { federation, rooms, shards, wiring, requireUser, requireServer, limitSearches } = parts;
  const { serverName } = config;
  const now = Date.now;
  const remote = createRemoteServers(federation.client);
  const { registry } = wiring.rooms;
  const known = knownRooms(env.DB, now);
  const joinedRooms = (shard: string, userId: UserId) => shards(shard).joinedRooms({ userId });
  const history = { serverName, client: federation.client, rooms, knownRooms: known, pdus: pduCheckerOf(federation) };
  return {
    serverName,
    requireUser,
    requireServer,
    limitSearches,
    localRooms: localRooms({
      published: publishedRooms(env.DB, now),
      entryOf: (roomId) => rooms.directoryEntry({ roomId }),
    }),
    remote,
    spaces: { rooms, registry, remoteSpaces: remoteSpaces({ serverName, remote, now }) },
    times: {
      serverName,
      rooms,
      registry,
      remote,
      backfill: (roomId, holes, limit) => fillHistory(history, roomId, holes, limit),
    },
    timed: rooms,
    knownRooms: known,
    search:
      env.SEARCH === undefined
        ? undefined
        : { candidates: searchCandidates(env.SEARCH), rooms, roomsOf: roomsOfUser(env.DB) },
    mutual: { joinedRooms, room: rooms },
    users: {
      joinedRooms,
      openRooms: openRooms(env.DB),
      members: async (roomIds, search) => {
        const answers = await inTurns(AT_ONCE, roomIds, (roomId) => rooms.findMembers({ roomId, ...search }));
        return answers.flat();
      },
      localUsers: localUsers(parts, shardNames(env.DB)),
    },
    ignoredUsers: (asker) => ignoredUsers({ shard: shards }, asker),
    named: (text) => roomByIdOrAlias({ rooms: wiring.rooms, room: rooms }, text),
  };
}

/** Asks all shards: each has thousands of users. One that does not answer hides nobody else. */
function localUsers(
  { shards, settings }: { readonly shards: (shard: string) => ShardClient; readonly settings: Settings },
  names: () => Promise<readonly string[]>,
): UserSearchDeps['localUsers'] {
  return async (search) => {
    if (!(await settings.snapshot()).values['accounts.directory']) return [];
    return (await inTurns(AT_ONCE, await names(), (shard) => shards(shard).findUsers(search))).flat();
  };
}
