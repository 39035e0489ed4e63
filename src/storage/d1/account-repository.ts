import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { Account, AccountStore } from '../../accounts/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { accounts } from './accounts.schema.ts';

/**
 * The tables `accounts` and `shards`.
 * @param accountsPerShard an account goes to the newest shard while that has fewer, else to a new one, for ever.
 */
export function accountRepository(database: D1Database, accountsPerShard: number): AccountStore {
  const db = drizzle(database);
  const find = async (userId: UserId): Promise<Account | undefined> => {
    const [row] = await db.select().from(accounts).where(eq(accounts.userId, userId));
    if (row === undefined) return undefined;
    return {
      userId,
      shard: row.shard,
      passwordHash: row.passwordHash ?? undefined,
      isAdmin: row.admin === 1,
      isDeactivated: row.deactivated === 1,
    };
  };
  return {
    find,
    create: async ({ userId, passwordHash, isAdmin, now }) => {
      // One batch is one transaction: two registrations at once cannot take the same place.
      const [, created] = await database.batch([
        database
          .prepare(
            `insert into shards (name, number, accounts)
             select 'u' || n, n, 0 from (select coalesce(max(number), 0) + 1 as n from shards)
             where not exists (
               select 1 from shards where number = (select max(number) from shards) and accounts < ?)`,
          )
          .bind(accountsPerShard),
        database
          .prepare(
            `insert into accounts (user_id, shard, password_hash, admin, deactivated, created_ts)
             select ?, name, ?, ?, 0, ? from shards where number = (select max(number) from shards)
             on conflict (user_id) do nothing`,
          )
          .bind(userId, passwordHash ?? null, isAdmin ? 1 : 0, now),
        database.prepare(
          `update shards set accounts = (select count(*) from accounts where accounts.shard = shards.name)
           where number = (select max(number) from shards)`,
        ),
      ]);
      return created?.meta.changes === 0 ? undefined : find(userId);
    },
    setPassword: async (userId, passwordHash) => {
      await db.update(accounts).set({ passwordHash }).where(eq(accounts.userId, userId));
    },
    deactivate: async (userId) => {
      await db.update(accounts).set({ deactivated: 1, passwordHash: null }).where(eq(accounts.userId, userId));
    },
  };
}
