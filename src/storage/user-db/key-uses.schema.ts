import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Users of application services that may be told of it, of whose keys somebody last took one under a `seq` of the shard. */
export const keyUses = sqliteTable(
  'key_uses',
  {
    userId: text('user_id').primaryKey(),
    seq: integer('seq').notNull(),
  },
  (table) => [index('key_uses_seq').on(table.seq)],
);
