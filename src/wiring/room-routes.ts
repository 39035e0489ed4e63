import { fillHistory } from '../federation/history/fill-history.ts';
import type { Config, Env } from '../config.ts';
import { pduCheckerOf, type Federation } from '../durable/federation.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import type { RoomRoutesDeps } from '../http/client/room-routes-deps.ts';
import { followUpgrade } from '../rooms/upgrade/follow-upgrade.ts';
import { knownRooms } from '../storage/d1/known-rooms.ts';
import type { RoomsWiring } from './rooms.ts';

/** Meets what the client's endpoints about rooms need. */
export function roomRoutesDeps(
  env: Env,
  config: Config,
  parts: Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'epoch'> & {
    readonly wiring: RoomsWiring;
    readonly federation: Federation;
    readonly room: RoomClient;
    readonly shards: (shard: string) => ShardClient;
  },
): RoomRoutesDeps {
  const { wiring, federation, room, shards, requireUser, limitSending, epoch } = parts;
  const now = Date.now;
  const history = {
    serverName: config.serverName,
    client: federation.client,
    rooms: room,
    knownRooms: knownRooms(env.DB, now),
    pdus: pduCheckerOf(federation),
  };
  const upgrades = { ...wiring.upgrades, rooms: wiring.rooms, room, serverName: config.serverName };
  return {
    requireUser,
    limitSending,
    epoch,
    rooms: wiring.rooms,
    identity: federation.identity,
    directory: wiring.directory,
    upgrades,
    joined: (asker, roomId) =>
      followUpgrade({ registry: wiring.rooms.registry, room, settings: upgrades.settings }, asker, roomId),
    room,
    shard: shards,
    settle: (roomId, { shard }) => room.flush({ roomId, shard }),
    backfill: (roomId, holes, limit) => fillHistory(history, roomId, holes, limit),
    now,
  };
}
