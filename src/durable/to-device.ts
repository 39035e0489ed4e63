import type { Config, Env } from '../config.ts';
import { policyRefusal, type FederationPolicy } from '../federation/policy.ts';
import { accountRepository } from '../storage/d1/account-repository.ts';
import type { ToDeviceDeps } from '../to-device/ports.ts';
import type { DestinationClient } from './destination/client.ts';
import { objectStubs } from './objects.ts';
import { shardClient } from './user/client.ts';

/** Meets the ports of `src/to-device`. */
export function toDeviceOf(
  env: Env,
  config: Config,
  {
    destinations,
    policy,
  }: { readonly destinations: Pick<DestinationClient, 'keepEdus'>; readonly policy: () => Promise<FederationPolicy> },
): ToDeviceDeps {
  const accounts = accountRepository(env.DB, config.accountsPerShard);
  const shards = shardClient(objectStubs(env, config));
  return {
    serverName: config.serverName,
    local: {
      shardsOf: (userIds) => accounts.shardsOf(userIds),
      receive: (shard, deliveries) => shards(shard).receiveMessages({ deliveries }),
      hasReceived: (shard, delivery) => shards(shard).hasReceived(delivery),
    },
    remote: {
      keep: async (server, edus) => {
        // While federation is off, what waits for a server stays; for one that we do not talk to nothing is kept.
        if (policyRefusal({ ...(await policy()), enabled: true }, server) !== undefined) return;
        await destinations.keepEdus(server, edus);
      },
    },
  };
}
