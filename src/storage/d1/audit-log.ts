import { and, desc, eq, lt } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { AuditLog, AuditWriter } from '../../settings/audit-log.ts';
import { auditLog as table } from './audit-log.schema.ts';

/** The table `audit_log`, to be read. */
export function auditLog(database: D1Database): AuditLog {
  const db = drizzle(database);
  return {
    page: ({ by, action, before, limit }) =>
      db
        .select()
        .from(table)
        .where(
          and(
            before === undefined ? undefined : lt(table.id, before),
            by === undefined ? undefined : eq(table.userId, by),
            action === undefined ? undefined : eq(table.action, action),
          ),
        )
        .orderBy(desc(table.id))
        .limit(limit),
  };
}

/** The same table, to be written beside what is changed elsewhere. */
export function auditWriter(database: D1Database): AuditWriter {
  const db = drizzle(database);
  return {
    write: async ({ ts, by, action, detail }) => {
      await db.insert(table).values({ ts, userId: by, action, detail: JSON.stringify(detail) });
    },
  };
}
