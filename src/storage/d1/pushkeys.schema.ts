import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Projection of the shards. Which users have, or had, a pusher at a place: whoever takes it over ends the others. */
export const pushkeys = sqliteTable(
  'pushkeys',
  {
    /** SHA-256 of the app and the pushkey, which is a secret of theirs. */
    place: text('place').notNull(),
    userId: text('user_id').notNull(),
    shard: text('shard').notNull(),
  },
  (table) => [primaryKey({ columns: [table.place, table.userId] })],
);
