import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Single values: `reachability`, `unconfirmed` and `last_success`, as JSON. */
export const meta = sqliteTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() });

/** What the object has to do at a time; null when parked (durable/schedule.ts). */
export const duties = sqliteTable(
  'duties',
  {
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    at: integer('at'),
    attempt: integer('attempt').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] }), index('duties_at').on(table.at)],
);
