import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { Account, AccountStore, NewAccount, RegistrationGate, RegistrationTokens } from '../../accounts/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { accountShards } from './account-shards.ts';
import { accounts } from './accounts.schema.ts';
import { grants } from './grants.schema.ts';

/** The row that remembers the first administrator's token, which itself is stored nowhere. */
export const BOOTSTRAP = '!bootstrap';

/** Whether the token of the parameter, and the present of the next one, is usable. */
const IS_USABLE = `token = ? and (expires_ts is null or expires_ts > ?)
  and (uses_allowed is null or completed < uses_allowed)`;

/**
 * The tables `accounts`, `shards` and `registration_tokens`, and `grants` of whoever gets another password.
 * @param accountsPerShard an account goes to the newest shard while that has fewer, else to a new one, for ever.
 */
export function accountRepository(database: D1Database, accountsPerShard: number): AccountStore & RegistrationTokens {
  const db = drizzle(database);
  const find = async (userId: UserId): Promise<Account | undefined> => {
    const [row] = await db.select().from(accounts).where(eq(accounts.userId, userId));
    if (row === undefined) return undefined;
    return readAccount(row);
  };
  const shards = accountShards(database);
  /** It never becomes false again. */
  let isAdministered = false;
  return {
    find,
    shardOf: shards.shardOf,
    shardsOf: shards.shardsOf,
    deactivatedAmong: async (userIds) => {
      const { results } = await database
        .prepare(
          `select user_id as userId from accounts
           where deactivated = 1 and user_id in (select value from json_each(?))`,
        )
        .bind(JSON.stringify(userIds))
        .all<{ userId: UserId }>();
      return results.map(({ userId }) => userId);
    },
    create: async (account) => {
      const isMade = await insertAccount(database, account, accountsPerShard);
      const held = await find(account.userId);
      if (held === undefined) return { kind: 'gate-shut' };
      return isMade ? { kind: 'created', account: held } : { kind: 'in-use' };
    },
    upgradeGuest: async ({ userId, passwordHash, gate, policies, now }) => {
      const token = tokenOf(gate);
      const [upgraded] = await database.batch([
        database
          .prepare(
            `update accounts set guest = 0, password_hash = ?, policies = ? where user_id = ? and guest = 1 and deactivated = 0
             and (? is null or exists (select 1 from registration_tokens where ${IS_USABLE}))`,
          )
          .bind(passwordHash ?? null, policiesJson(policies), userId, token, token, now),
        database
          .prepare('update registration_tokens set completed = completed + changes() where token = ?')
          .bind(token),
      ]);
      return upgraded?.meta.changes === 1;
    },
    setPassword: async (userId, passwordHash) => {
      await db.batch([
        db.update(accounts).set({ passwordHash }).where(eq(accounts.userId, userId)),
        db.delete(grants).where(eq(grants.userId, userId)),
      ]);
    },
    deactivate: async (userId) => {
      await db.update(accounts).set({ deactivated: 1 }).where(eq(accounts.userId, userId));
      shards.forget();
    },
    removePassword: async (userId) => {
      await db.update(accounts).set({ passwordHash: null }).where(eq(accounts.userId, userId));
    },
    isValid: async (token, now) => {
      const found = await database
        .prepare(`select 1 from registration_tokens where ${IS_USABLE}`)
        .bind(token, now)
        .all();
      return token !== BOOTSTRAP && found.results.length > 0;
    },
    hasAdministrator: async () => {
      isAdministered ||= (await db.select().from(accounts).where(eq(accounts.admin, 1)).limit(1)).length > 0;
      return isAdministered;
    },
  };
}

const policiesJson = (policies: NewAccount['policies']) =>
  policies === undefined || Object.keys(policies).length === 0 ? null : JSON.stringify(policies);

const tokenOf = (gate: RegistrationGate | undefined) =>
  gate === undefined ? null : gate.kind === 'bootstrap' ? BOOTSTRAP : gate.token;

/** A row of the table `accounts`. */
export function readAccount(row: typeof accounts.$inferSelect): Account {
  return {
    userId: row.userId as UserId,
    shard: row.shard,
    passwordHash: row.passwordHash ?? undefined,
    isAdmin: row.admin === 1,
    isDeactivated: row.deactivated === 1,
    isLocked: row.locked === 1,
    isSuspended: row.suspended === 1,
    isGuest: row.guest === 1,
  };
}

/**
 * One batch is one transaction: two registrations at once cannot take the same place in a shard, use a token once too
 * often, or both be the first administrator's; and a token is not used up by a registration that makes nothing.
 * @returns whether the account was made.
 */
async function insertAccount(
  database: D1Database,
  { userId, passwordHash, isAdmin, isGuest, gate, policies, now }: NewAccount,
  accountsPerShard: number,
): Promise<boolean> {
  const token = tokenOf(gate);
  const results = await database.batch([
    database
      .prepare(
        `insert into shards (name, number, accounts)
         select 'u' || n, n, 0 from (select coalesce(max(number), 0) + 1 as n from shards)
         where not exists (select 1 from shards where number = (select max(number) from shards) and accounts < ?)`,
      )
      .bind(accountsPerShard),
    database.prepare(
      `insert or ignore into registration_tokens (token, uses_allowed, completed, admin)
       select '${BOOTSTRAP}', 1, 0, 1 where not exists (select 1 from accounts where admin = 1)`,
    ),
    database
      .prepare(
        `insert into accounts (user_id, shard, password_hash, admin, deactivated, guest, policies, created_ts)
         select ?, name, ?, max(?, coalesce((select admin from registration_tokens where token = ?), 0)), 0, ?, ?, ?
         from shards where number = (select max(number) from shards)
         and (? is null or exists (select 1 from registration_tokens where ${IS_USABLE}))
         on conflict (user_id) do nothing`,
      )
      .bind(
        userId,
        passwordHash ?? null,
        isAdmin ? 1 : 0,
        token,
        isGuest === true ? 1 : 0,
        policiesJson(policies),
        now,
        token,
        token,
        now,
      ),
    database.prepare('update registration_tokens set completed = completed + changes() where token = ?').bind(token),
    database.prepare(
      `update shards set accounts = (select count(*) from accounts where accounts.shard = shards.name)
       where number = (select max(number) from shards)`,
    ),
    // Whoever is made an administrator otherwise shuts the first administrator's token for ever.
    database.prepare(
      `update registration_tokens set completed = 1
       where token = '${BOOTSTRAP}' and exists (select 1 from accounts where admin = 1)`,
    ),
  ]);
  return results[2]?.meta.changes === 1;
}
