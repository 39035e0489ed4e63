import type { Config } from '../config.ts';
import type { Federation } from '../durable/federation.ts';
import type { CheckUsersDeps } from '../federation/check-users.ts';
import type { Settings } from '../settings/settings.ts';
import type { RoomsWiring } from './rooms.ts';

/** Meets what the check of users needs. */
export const checkUsersDeps = (
  { serverName }: Config,
  {
    federation,
    wiring,
    settings,
  }: {
    readonly federation: Federation;
    readonly wiring: RoomsWiring;
    readonly settings: Pick<Settings, 'snapshot'>;
  },
): CheckUsersDeps => ({
  serverName,
  client: federation.client,
  policy: federation.policy,
  localProfile: async (userId) => {
    const shard = await wiring.rooms.users.shardOf(userId);
    return shard === undefined ? undefined : wiring.rooms.users.profileOf({ userId, shard });
  },
  timeouts: async () => {
    const { values } = await settings.snapshot();
    return { networkMs: values['check.network_timeout_ms'], userMs: values['check.user_timeout_ms'] };
  },
  now: Date.now,
});
