import { lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { Grant, GrantStore } from '../../accounts/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { grants } from './grants.schema.ts';

/** The table `grants`. Whatever happens once is one statement: of two at once, the second finds nothing to do. */
export function grantRepository(database: D1Database): GrantStore {
  const db = drizzle(database);
  const insert = async (row: typeof grants.$inferInsert, now: number): Promise<void> => {
    await db.batch([
      db.delete(grants).where(lte(grants.expiresTs, now)),
      db.insert(grants).values(row).onConflictDoNothing({ target: grants.hash }),
    ]);
  };
  return {
    put: (hash, { kind, userId, client }, expiresTs, now) =>
      insert({ hash, kind, status: 'allowed', userId, ...client, expiresTs }, now),

    putPending: (hash, { userCodeHash, clientId, deviceId }, expiresTs, now) =>
      insert({ hash, kind: 'device', status: 'pending', userCodeHash, clientId, deviceId, expiresTs }, now),

    take: async (kind, hash, now) => {
      const { results } = await database
        .prepare(
          `delete from grants where hash = ? and kind = ? and status = 'allowed' and expires_ts > ?
           returning user_id, client_id, device_id, redirect_uri, code_challenge`,
        )
        .bind(hash, kind, now)
        .all<GrantRow>();
      const [row] = results;
      return row === undefined ? undefined : readGrant(kind, row);
    },

    findPending: async (userCodeHash, now) => {
      const { results } = await database
        .prepare(
          `select client_id, device_id from grants where user_code_hash = ? and status = 'pending' and expires_ts > ?`,
        )
        .bind(userCodeHash, now)
        .all<{ client_id: string; device_id: string }>();
      const [row] = results;
      return row === undefined ? undefined : { clientId: row.client_id, deviceId: row.device_id };
    },

    decide: async (userCodeHash, userId, isAllowed, now) => {
      const { meta } = await database
        .prepare(
          `update grants set status = ?, user_id = ?
           where user_code_hash = ? and status = 'pending' and expires_ts > ?`,
        )
        .bind(isAllowed ? 'allowed' : 'denied', userId, userCodeHash, now)
        .run();
      return meta.changes === 1;
    },

    poll: async (hash, now) => {
      const [before] = await database.batch<{
        status: 'pending' | 'allowed' | 'denied';
        polled: number | null;
        expires: number;
      }>([
        database
          .prepare(
            `select status, polled_ts as polled, expires_ts as expires from grants where hash = ? and kind = 'device'`,
          )
          .bind(hash),
        database.prepare(`update grants set polled_ts = ? where hash = ? and kind = 'device'`).bind(now, hash),
      ]);
      const row = before?.results[0];
      if (row === undefined || row.expires <= now) return undefined;
      return { status: row.status, polledTs: row.polled ?? undefined };
    },
  };
}

interface GrantRow {
  readonly user_id: UserId;
  readonly client_id: string | null;
  readonly device_id: string | null;
  readonly redirect_uri: string | null;
  readonly code_challenge: string | null;
}

function readGrant(kind: Grant['kind'], row: GrantRow): Grant {
  const { user_id: userId, client_id: clientId, device_id: deviceId } = row;
  if (clientId === null || deviceId === null) return { kind, userId };
  const redirectUri = row.redirect_uri ?? undefined;
  const codeChallenge = row.code_challenge ?? undefined;
  return { kind, userId, client: { clientId, deviceId, redirectUri, codeChallenge } };
}
