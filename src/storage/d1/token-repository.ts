import { asc, ne } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { TokenStore } from '../../accounts/manage-tokens.ts';
import { BOOTSTRAP } from './account-repository.ts';
import { registrationTokens } from './registration-tokens.schema.ts';

/** The tables `registration_tokens`, as an administrator manages it, and `audit_log`, which never holds a token. */
export function tokenRepository(database: D1Database): TokenStore {
  const db = drizzle(database);
  const log = (action: string, by: string, now: number) =>
    database
      .prepare(`insert into audit_log (ts, user_id, action, detail) select ?, ?, ?, '{}' where changes() > 0`)
      .bind(now, by, action);
  return {
    list: async () => {
      const rows = await db
        .select()
        .from(registrationTokens)
        .where(ne(registrationTokens.token, BOOTSTRAP))
        .orderBy(asc(registrationTokens.token));
      return rows.map(({ token, usesAllowed, completed, expiresTs }) => ({
        token,
        usesAllowed: usesAllowed ?? undefined,
        completed,
        expiresTs: expiresTs ?? undefined,
      }));
    },

    add: async ({ token, usesAllowed, expiresTs }, by, now) => {
      const [added] = await database.batch([
        database
          .prepare(
            `insert or ignore into registration_tokens (token, uses_allowed, completed, expires_ts, admin)
             values (?, ?, 0, ?, 0)`,
          )
          .bind(token, usesAllowed ?? null, expiresTs ?? null),
        log('registration_token_made', by, now),
      ]);
      return added?.meta.changes === 1;
    },

    remove: async (token, by, now) => {
      const [removed] = await database.batch([
        database.prepare('delete from registration_tokens where token = ? and token <> ?').bind(token, BOOTSTRAP),
        log('registration_token_removed', by, now),
      ]);
      return removed?.meta.changes === 1;
    },
  };
}
