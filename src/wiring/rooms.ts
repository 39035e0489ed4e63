import type { AccountsDeps } from '../accounts/ports.ts';
import type { AskingDeps } from '../appservice/asking/ports.ts';
import { queryAlias, queryUser } from '../appservice/asking/query-entity.ts';
import type { Appservices } from '../appservice/appservices.ts';
import type { Config, Env } from '../config.ts';
import { after, pduCheckerOf, type Federation } from '../durable/federation.ts';
import { joinTickets } from '../durable/join-tickets.ts';
import type { RoomClient } from '../durable/room/client.ts';
import { serverKeysOf } from '../durable/server-keys.ts';
import { roomLimitsOf, settingsOf } from '../durable/settings.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { actingAppservice } from '../durable/acting.ts';
import { receiveAgain } from '../federation/receive/receive-again.ts';
import { createRemoteServers } from '../federation/remote-servers.ts';
import { exclusive, roomInUse } from '../matrix/error.ts';
import { blocksInvites, INVITE_PERMISSION } from '../matrix/event/invite-permission.ts';
import type { RoomAlias, UserId } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from '../rooms/ports.ts';
import type { LocalDirectory } from '../rooms/room-aliases.ts';
import type { MoveDeps } from '../rooms/upgrade/ports.ts';
import { aliasRepository } from '../storage/d1/alias-repository.ts';
import { federationVerdicts } from '../storage/d1/federation-verdicts.ts';
import { roomRegistry } from '../storage/d1/room-registry.ts';

export interface RoomsWiring {
  readonly rooms: RoomsDeps;
  readonly directory: LocalDirectory;
  readonly upgrades: Pick<MoveDeps, 'directory' | 'settings'>;
}

/** Meets the ports of `src/rooms`. */
export function roomsOf(
  env: Env,
  config: Config,
  parts: {
    readonly accounts: AccountsDeps;
    readonly appservices: Appservices;
    readonly asking: AskingDeps;
    readonly federation: Federation;
    readonly rooms: RoomClient;
    readonly shards: (shard: string) => ShardClient;
    readonly defaultRoomVersion: () => Promise<string>;
  },
): RoomsWiring {
  const { federation, rooms, shards } = parts;
  const now = Date.now;
  const settings = settingsOf(env, config);
  const verdicts = federationVerdicts(env.DB);
  const registry = roomRegistry(env.DB, now);
  const aliases = aliasRepository(env.DB, now);
  const resolve = async (alias: RoomAlias) => (await aliases.find(alias))?.roomId;
  const deps: RoomsDeps = {
    serverName: config.serverName,
    rooms,
    remote: createRemoteServers(federation.client),
    tickets: joinTickets,
    pdus: pduCheckerOf(federation),
    registry,
    aliases: {
      resolve,
      find: async (alias) =>
        (await resolve(alias)) ?? ((await queryAlias(parts.asking, alias)) ? resolve(alias) : undefined),
      reserve: async (alias, roomId, creator) => {
        await requireAliasNamespace(parts.appservices, alias);
        if (!(await aliases.reserve(alias, roomId, creator))) throw roomInUse('The alias is taken');
      },
      activate: aliases.activate,
      remove: aliases.remove,
    },
    users: {
      shardOf: (userId) => shardOfKnown(parts, userId),
      profileOf: ({ userId, shard }) => shards(shard).profile({ userId }),
      blocksInvites: async ({ userId, shard }) =>
        blocksInvites(await shards(shard).accountData({ userId, roomId: '', type: INVITE_PERMISSION })),
      mayFederate: async (userId) => {
        const { values } = await settings.snapshot();
        return !values['users.validate_domain'] || (await verdicts.of(userId)) === true;
      },
    },
    receive: async (server, roomId, pdu) => {
      // What is still missing when whoever waits has been answered is kept by the room.
      const call = { server, roomId, pdus: [pdu] };
      await receiveAgain(federation.transactions, call, (work) => void work.catch(() => undefined));
    },
    signingKey: () => serverKeysOf(env, config).active(),
    defaultRoomVersion: parts.defaultRoomVersion,
    roomLimits: roomLimitsOf(settings),
    now,
    after,
    randomId: () => crypto.randomUUID().replaceAll('-', '').slice(0, 18),
  };
  const directory: LocalDirectory = {
    entry: (alias) => aliases.find(alias),
    aliasesOf: (roomId) => aliases.ofRoom(roomId),
    isPublished: (roomId) => registry.isPublished(roomId),
  };
  const upgrades: RoomsWiring['upgrades'] = {
    directory: {
      moveAliases: (from, to) => aliases.moveTo(from, to),
      isPublished: (roomId) => registry.isPublished(roomId),
      setPublished: (roomId, published) => registry.setPublished(roomId, published),
    },
    settings: { carrySettings: ({ userId, shard }, from, to) => shards(shard).carrySettings({ userId, from, to }) },
  };
  return { rooms: deps, directory, upgrades };
}

/**
 * Throws `M_EXCLUSIVE` for an alias that belongs to another application service, or is outside the namespace of the one
 * that asks. Source: Application Service API, "Server admin style permissions".
 */
async function requireAliasNamespace(appservices: Appservices, alias: RoomAlias): Promise<void> {
  const acting = actingAppservice();
  const asker = acting === undefined ? undefined : await appservices.byId(acting);
  if (asker !== undefined && !asker.ownsAlias(alias)) {
    throw exclusive(`${alias} is not in the namespace of this application service`);
  }
  if ((await appservices.exclusiveAliasOwner(alias, acting)) !== undefined) {
    throw exclusive(`${alias} belongs to an application service`);
  }
}

/** The shard of a user, whom an application service may make when it is asked. `undefined`: there is none. */
export async function shardOfKnown(
  { accounts, asking }: { readonly accounts: Pick<AccountsDeps, 'accounts'>; readonly asking: AskingDeps },
  userId: UserId,
): Promise<string | undefined> {
  const shard = await accounts.accounts.shardOf(userId);
  if (shard !== undefined || !(await queryUser(asking, userId))) return shard;
  return accounts.accounts.shardOf(userId);
}
