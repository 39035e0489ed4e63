import type { Env } from '../config.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { shardNames } from '../storage/d1/shard-list.ts';

/**
 * What must not be used again after a restore: one-time keys, which may have been given away since, and what other servers
 * hold of device lists (contracts, section 8). @returns how many shards did not answer.
 */
export function afterRestore(env: Env, shards: (shard: string) => ShardClient): () => Promise<number> {
  const names = shardNames(env.DB);
  return async () => {
    const asked = (await names()).map((shard) => shards(shard).restored({}));
    const answers = await Promise.allSettled(asked);
    return answers.filter(({ status }) => status === 'rejected').length;
  };
}
