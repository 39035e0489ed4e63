import type { Hono } from 'hono';

import type { Appservices } from '../appservice/appservices.ts';
import type { AccountsDeps } from '../accounts/ports.ts';
import type { Config, Env } from '../config.ts';
import type { Federation } from '../durable/federation.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { workspaceRoutes } from '../http/admin/workspace/router.ts';
import type { RequireUser } from '../http/client/from-user.ts';
import { requireWorkspace } from '../http/middleware/require-workspace.ts';
import { checkUsers } from '../federation/check-users.ts';
import { isJsonObject } from '../matrix/json/json-value.ts';
import type { DirectDeps } from '../rooms/direct/ports.ts';
import { auditWriter } from '../storage/d1/audit-log.ts';
import { directRooms } from '../storage/d1/direct-rooms.ts';
import type { Settings } from '../settings/settings.ts';
import { federationVerdicts } from '../storage/d1/federation-verdicts.ts';
import { roomList } from '../storage/d1/room-list.ts';
import { roomOfEvent } from '../storage/d1/room-of-event.ts';
import { roomsOfLate } from '../storage/d1/rooms-of-late.ts';
import { checkUsersDeps } from './check-users.ts';
import type { RoomsWiring } from './rooms.ts';

interface Parts {
  readonly requireUser: RequireUser;
  readonly accounts: AccountsDeps;
  readonly appservices: Appservices;
  readonly federation: Federation;
  readonly settings: Pick<Settings, 'snapshot'>;
  readonly wiring: RoomsWiring;
  readonly rooms: RoomClient;
  readonly shards: (shard: string) => ShardClient;
}

/** Meets what the endpoints for workspaces need. */
export function workspaceRoutesOf(env: Env, config: Config, parts: Parts): Hono {
  const { requireUser, accounts, appservices, federation, settings, wiring, rooms, shards } = parts;
  return workspaceRoutes({
    requireWorkspace: requireWorkspace({ requireUser, appservices, serverName: config.serverName }),
    registry: wiring.rooms.registry,
    rooms,
    roomOfEvent: roomOfEvent(env.DB),
    roomsOfLate: roomsOfLate(env.DB),
    direct: directDeps(env, config, parts),
    settle: (roomId, shard) => rooms.flush({ roomId, shard }),
    shardOf: (userId) => accounts.accounts.shardOf(userId),
    standing: (shard, userId) => shards(shard).userStanding({ userId, deviceId: '' }),
    checking: checkUsersDeps(config, parts),
    list: roomList(env.DB),
    serverName: config.serverName,
    presence: { serverName: config.serverName, rooms, destinations: federation.destinations, now: Date.now },
    tellsPresence: async () => {
      const { values } = await settings.snapshot();
      return values['federation.enabled'] && values['edu.presence'];
    },
    verdicts: federationVerdicts(env.DB),
    audit: auditWriter(env.DB),
    now: Date.now,
  });
}

function directDeps(env: Env, config: Config, parts: Parts): DirectDeps {
  const { wiring, rooms, shards } = parts;
  const checking = checkUsersDeps(config, parts);
  return {
    rooms: wiring.rooms,
    direct: directRooms(env.DB, config.serverName),
    room: rooms,
    check: (userIds) => checkUsers(checking, userIds),
    markedBy: async ({ userId, shard }) => {
      const content = await shards(shard).accountData({ userId, roomId: '', type: 'm.direct' });
      const lists = isJsonObject(content) ? Object.values(content) : [];
      return lists.flatMap((list) => (Array.isArray(list) ? list.filter((roomId) => typeof roomId === 'string') : []));
    },
  };
}
