import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { AccountAdministration, ListedAccount } from '../../accounts/manage-accounts.ts';
import { readAccount } from './account-repository.ts';
import { accounts } from './accounts.schema.ts';

/** The tables `accounts`, as an administrator manages them, and `audit_log`. */
export function accountAdministration(database: D1Database): AccountAdministration {
  const db = drizzle(database);
  const log = (action: string, detail: object, by: string, now: number) =>
    database
      .prepare('insert into audit_log (ts, user_id, action, detail) values (?, ?, ?, ?)')
      .bind(now, by, action, JSON.stringify(detail));
  return {
    list: async ({ search, after, limit }) => {
      const rows = await db
        .select()
        .from(accounts)
        .where(
          and(
            after === undefined ? undefined : gt(accounts.userId, after),
            // Not LIKE: what is sought is no pattern.
            search === undefined ? undefined : sql`instr(${accounts.userId}, ${search}) > 0`,
          ),
        )
        .orderBy(asc(accounts.userId))
        .limit(limit);
      return rows.map(readListed);
    },

    find: async (userId) => (await db.select().from(accounts).where(eq(accounts.userId, userId))).map(readListed)[0],

    setFlag: async (userId, flag, value, by, now) => {
      await database.batch([
        database.prepare(`update accounts set ${flag} = ? where user_id = ?`).bind(value ? 1 : 0, userId),
        log(`account_${flag}`, { user_id: userId, value }, by, now),
      ]);
    },

    note: async (action, userId, by, now) => {
      await log(action, { user_id: userId }, by, now).run();
    },
  };
}

function readListed(row: typeof accounts.$inferSelect): ListedAccount {
  const { passwordHash, ...account } = readAccount(row);
  const policies = row.policies === null ? undefined : (JSON.parse(row.policies) as Record<string, string>);
  return { ...account, hasPassword: passwordHash !== undefined, createdTs: row.createdTs, policies };
}
