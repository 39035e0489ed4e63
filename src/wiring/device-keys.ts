import type { AccountsDeps } from '../accounts/ports.ts';
import type { DeviceKeysDeps, RemoteLists } from '../device-keys/ports.ts';
import type { ShardClient } from '../durable/user/client.ts';
import type { DestinationRegistry } from '../federation/destination-registry.ts';
import type { FederationClient } from '../federation/client.ts';
import { claimUserKeys } from '../federation/operations/claim-user-keys.ts';
import { queryUserKeys } from '../federation/operations/query-user-keys.ts';

/** Meets the ports of `src/device-keys`. */
export function deviceKeysOf(
  { serverName, accounts }: Pick<AccountsDeps, 'serverName' | 'accounts'>,
  shards: (shard: string) => ShardClient,
  client: FederationClient,
  { lists, registry }: { readonly lists: RemoteLists; readonly registry: Pick<DestinationRegistry, 'has'> },
): DeviceKeysDeps {
  return {
    serverName,
    lists,
    local: {
      shardsOf: (userIds) => accounts.shardsOf(userIds),
      deactivatedAmong: (userIds) => accounts.deactivatedAmong(userIds),
      // Strangers share no room: they hold nothing that they would be told of.
      query: async (shard, queries, asker) => {
        const isKnown = asker !== undefined && (await registry.has(asker));
        return shards(shard).queryKeys({ queries, ...(isKnown ? { asker } : {}) });
      },
      signaturesOf: ({ shard, userId }, of) => shards(shard).signaturesOf({ userId, of }),
      claim: (shard, claims) => shards(shard).claimKeys({ claims }),
    },
    remote: {
      query: async (destination, deviceKeys, timeoutMs) => {
        const answer = await queryUserKeys(client, { destination, deviceKeys, timeoutMs });
        return answer.ok ? answer.value : undefined;
      },
      claim: async (destination, oneTimeKeys, timeoutMs) => {
        const answer = await claimUserKeys(client, { destination, oneTimeKeys, timeoutMs });
        return answer.ok ? answer.value : undefined;
      },
    },
  };
}
