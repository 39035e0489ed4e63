import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Single values of the shard, the `seq` of its newest change among them. */
export const meta = sqliteTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() });

/** Answers of mutating calls by operation ID, kept for ten minutes. */
export const operations = sqliteTable(
  'operations',
  { opId: text('op_id').primaryKey(), answer: text('answer').notNull(), at: integer('at').notNull() },
  (table) => [index('operations_at').on(table.at)],
);

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
