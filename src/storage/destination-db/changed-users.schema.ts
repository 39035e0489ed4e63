import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Users of the server whose devices changed, of which the shards here are still to be told. */
export const changedUsers = sqliteTable(
  'changed_users',
  {
    /** Empty: all users of the server. */
    userId: text('user_id').primaryKey(),
    /** Another one with each change. */
    seq: integer('seq').notNull(),
    /** JSON of the rooms that are left to be told; null: all. */
    rooms: text('rooms'),
    /** When to tell them, in milliseconds. */
    at: integer('at').notNull(),
    attempt: integer('attempt').notNull(),
  },
  (table) => [index('changed_users_at').on(table.at)],
);
