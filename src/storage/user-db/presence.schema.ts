import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What was last told of how a user of the shard is. */
export const presence = sqliteTable('presence', {
  userId: text('user_id').primaryKey(),
  /** online | unavailable | offline */
  presence: text('presence').notNull(),
  statusMsg: text('status_msg'),
  activeTs: integer('active_ts'),
  /** 1: currently active. */
  active: integer('active').notNull(),
});
