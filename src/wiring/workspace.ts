import type { Hono } from 'hono';

import type { Appservices } from '../appservice/appservices.ts';
import type { AccountsDeps } from '../accounts/ports.ts';
import type { Config, Env } from '../config.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { workspaceRoutes } from '../http/admin/workspace/router.ts';
import type { RequireUser } from '../http/client/from-user.ts';
import { requireWorkspace } from '../http/middleware/require-workspace.ts';
import { auditWriter } from '../storage/d1/audit-log.ts';
import type { RoomsWiring } from './rooms.ts';

/** Meets what the endpoints for workspaces need. */
export function workspaceRoutesOf(
  env: Env,
  { serverName }: Config,
  parts: {
    readonly requireUser: RequireUser;
    readonly accounts: AccountsDeps;
    readonly appservices: Appservices;
    readonly wiring: RoomsWiring;
    readonly rooms: RoomClient;
    readonly shards: (shard: string) => ShardClient;
  },
): Hono {
  const { requireUser, accounts, appservices, wiring, rooms, shards } = parts;
  return workspaceRoutes({
    requireWorkspace: requireWorkspace({ requireUser, appservices, serverName }),
    registry: wiring.rooms.registry,
    rooms,
    shardOf: (userId) => accounts.accounts.shardOf(userId),
    standing: (shard, userId) => shards(shard).userStanding({ userId, deviceId: '' }),
    audit: auditWriter(env.DB),
    now: Date.now,
  });
}
