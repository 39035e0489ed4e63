import { lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { GrantStore } from '../../accounts/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { grants } from './grants.schema.ts';

/** The table `grants`. */
export function grantRepository(database: D1Database): GrantStore {
  const db = drizzle(database);
  return {
    put: async (hash, { kind, userId }, expiresTs, now) => {
      await db.batch([
        db.delete(grants).where(lte(grants.expiresTs, now)),
        db.insert(grants).values({ hash, kind, status: 'allowed', userId, expiresTs }),
      ]);
    },

    take: async (kind, hash, now) => {
      // One statement: of two at once, the second finds nothing.
      const { results } = await database
        .prepare(
          `delete from grants where hash = ? and kind = ? and status = 'allowed' and expires_ts > ?
           returning user_id as userId`,
        )
        .bind(hash, kind, now)
        .all<{ userId: UserId }>();
      const [row] = results;
      return row === undefined ? undefined : { kind, userId: row.userId };
    },
  };
}
