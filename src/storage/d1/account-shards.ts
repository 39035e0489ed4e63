import type { AccountStore } from '../../accounts/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { LRU } from '../lru.ts';

/** A deactivation in another isolate is noticed after this. */
const KNOWN_MS = 60_000;
const MAX_KNOWN = 10_000;

/** In which shards accounts are, by the table `accounts`. */
export function accountShards(
  database: D1Database,
): Pick<AccountStore, 'shardOf' | 'shardsOf'> & { readonly forget: () => void } {
  const shards = new LRU<UserId, { readonly shard: string; readonly until: number }>(MAX_KNOWN);
  const shardsOf: AccountStore['shardsOf'] = async (userIds) => {
    const found = new Map<UserId, string>();
    const asked: UserId[] = [];
    for (const userId of new Set(userIds)) {
      const known = shards.get(userId);
      if (known !== undefined && Date.now() < known.until) found.set(userId, known.shard);
      else asked.push(userId);
    }
    if (asked.length === 0) return found;
    const { results } = await database
      .prepare(
        `select user_id as userId, shard from accounts
         where deactivated = 0 and user_id in (select value from json_each(?))`,
      )
      .bind(JSON.stringify(asked))
      .all<{ userId: UserId; shard: string }>();
    for (const { userId, shard } of results) {
      shards.set(userId, { shard, until: Date.now() + KNOWN_MS });
      found.set(userId, shard);
    }
    return found;
  };
  return {
    shardsOf,
    shardOf: async (userId) => (await shardsOf([userId])).get(userId),
    forget: () => shards.clear(),
  };
}
