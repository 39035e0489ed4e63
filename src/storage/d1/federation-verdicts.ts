import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { FederationVerdicts } from '../../rooms/eligible.ts';
import { auditLog } from './audit-log.schema.ts';
import { federationVerdicts as table } from './federation-verdicts.schema.ts';

/** The tables `federation_verdicts` and `audit_log`. */
export function federationVerdicts(database: D1Database): FederationVerdicts {
  const db = drizzle(database);
  return {
    of: async (userId) => {
      const [row] = await db.select().from(table).where(eq(table.userId, userId));
      return row === undefined ? undefined : row.allowed === 1;
    },
    put: async (userId, allowed, by, now) => {
      const value = { allowed: allowed === true ? 1 : 0 };
      await db.batch([
        allowed === undefined
          ? db.delete(table).where(eq(table.userId, userId))
          : db
              .insert(table)
              .values({ userId, ...value })
              .onConflictDoUpdate({ target: table.userId, set: value }),
        db.insert(auditLog).values({
          ts: now,
          userId: by,
          action: 'user_federation',
          detail: JSON.stringify({ user_id: userId, allowed: allowed ?? null }),
        }),
      ]);
    },
  };
}
