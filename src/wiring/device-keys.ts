import type { AccountsDeps } from '../accounts/ports.ts';
import type { DeviceKeysDeps, RemoteLists } from '../device-keys/ports.ts';
import type { ShardClient } from '../durable/user/client.ts';
import type { FederationClient } from '../federation/client.ts';
import { claimUserKeys } from '../federation/operations/claim-user-keys.ts';
import { queryUserKeys } from '../federation/operations/query-user-keys.ts';

/** Meets the ports of `src/device-keys`. */
export function deviceKeysOf(
  { serverName, accounts }: Pick<AccountsDeps, 'serverName' | 'accounts'>,
  shards: (shard: string) => ShardClient,
  client: FederationClient,
  lists: RemoteLists,
): DeviceKeysDeps {
  return {
    serverName,
    lists,
    local: {
      shardOf: (userId) => accounts.shardOf(userId),
      query: (shard, queries) => shards(shard).queryKeys({ queries }),
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
