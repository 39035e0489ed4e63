import type { AccountsDeps } from '../accounts/ports.ts';
import type { Config, Env } from '../config.ts';
import { pduCheckerOf, type Federation } from '../durable/federation.ts';
import type { RoomClient } from '../durable/room/client.ts';
import { serverKeysOf } from '../durable/server-keys.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { createRemoteServers } from '../federation/remote-servers.ts';
import { AskedRooms } from '../http/federation/asked-rooms.ts';
import type { FederationRoomDeps } from '../http/federation/room-routes-deps.ts';
import type { RequireServer } from '../http/middleware/require-server.ts';
import { knownRooms } from '../storage/d1/known-rooms.ts';
import { roomOfEvent } from '../storage/d1/room-of-event.ts';
import type { RoomsWiring } from './rooms.ts';

/** Meets what other servers' endpoints about rooms need. */
export function federationRoomDeps(
  env: Env,
  config: Config,
  parts: {
    readonly wiring: RoomsWiring;
    readonly federation: Federation;
    readonly rooms: RoomClient;
    readonly shards: (shard: string) => ShardClient;
    readonly accounts: AccountsDeps;
    readonly requireServer: RequireServer;
    readonly requireFederation: FederationRoomDeps['requireFederation'];
    readonly limitStrangers: FederationRoomDeps['limitStrangers'];
  },
): FederationRoomDeps {
  const { wiring, federation, rooms, shards, accounts, requireServer, requireFederation, limitStrangers } = parts;
  const remote = createRemoteServers(federation.client);
  const asked = new AskedRooms();
  return {
    serverName: config.serverName,
    requireServer,
    requireFederation,
    limitStrangers,
    thirdParty: {
      rooms: wiring.rooms,
      room: rooms,
      identity: federation.identity,
      remoteExchange: (server, query) => remote.exchangeThirdPartyInvite(server, query),
    },
    rooms: asked.noting(rooms),
    knownRooms: knownRooms(env.DB, Date.now),
    registry: wiring.rooms.registry,
    pdus: pduCheckerOf(federation),
    users: wiring.rooms.users,
    aliases: wiring.rooms.aliases,
    profiles: {
      local: async (userId, field) => {
        const account = await accounts.accounts.find(userId);
        if (account?.isDeactivated === true) return undefined;
        const shard = account?.shard ?? (await wiring.rooms.users.shardOf(userId));
        if (shard === undefined) return undefined;
        const profile = await shards(shard).wholeProfile({ userId });
        if (field === undefined) return profile;
        return Object.hasOwn(profile, field) ? { [field]: profile[field] } : {};
      },
    },
    roomOfEvent: roomOfEvent(env.DB),
    latestRooms: async (origin) => {
      const isRegistered = await federation.registry.has(origin).catch(() => false);
      const sent = isRegistered ? await federation.destinations.latestRooms(origin).catch(() => []) : [];
      return [...new Set([...asked.of(origin), ...sent])];
    },
    signingKey: () => serverKeysOf(env, config).active(),
    roomLimits: wiring.rooms.roomLimits,
    onSharedRoom: (origin) => federation.registry.add(origin),
    now: Date.now,
    after: (delayMs) =>
      new Promise((resolve) => {
        setTimeout(resolve, delayMs);
      }),
  };
}
