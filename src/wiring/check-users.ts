import type { Config } from '../config.ts';
import type { Federation } from '../durable/federation.ts';
import type { CheckUsersDeps } from '../federation/check-users.ts';
import type { RoomsWiring } from './rooms.ts';

/** Meets what the check of users needs. */
export const checkUsersDeps = (
  { serverName }: Config,
  { federation, wiring }: { readonly federation: Federation; readonly wiring: RoomsWiring },
): CheckUsersDeps => ({
  serverName,
  client: federation.client,
  policy: federation.policy,
  localProfile: async (userId) => {
    const shard = await wiring.rooms.users.shardOf(userId);
    return shard === undefined ? undefined : wiring.rooms.users.profileOf({ userId, shard });
  },
  now: Date.now,
});
