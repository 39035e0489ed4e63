import { eq, lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { PassedStages } from '../../accounts/ports.ts';
import { passedStages as table } from './passed-stages.schema.ts';

/** The table `passed_stages`. */
export function passedStages(database: D1Database): PassedStages {
  const db = drizzle(database);
  return {
    of: async (session) => {
      const [row] = await db.select().from(table).where(eq(table.session, session));
      return row === undefined ? [] : (JSON.parse(row.stages) as string[]);
    },
    put: async (session, stages, { now, expiresTs }) => {
      const row = { stages: JSON.stringify(stages), expiresTs };
      await db.batch([
        db.delete(table).where(lte(table.expiresTs, now)),
        db
          .insert(table)
          .values({ session, ...row })
          .onConflictDoUpdate({ target: table.session, set: row }),
      ]);
    },
  };
}
