import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Users of whose device lists something is to be told, and is in no transaction yet. */
export const deviceListNews = sqliteTable('device_list_news', {
  userId: text('user_id').primaryKey(),
  /** 1: it changed. */
  changed: integer('changed').notNull(),
  /** 1: went from a room, and may be in another; 2: is in no other. */
  went: integer('went').notNull(),
});

/** Users of the namespace who have devices with keys, as far as is known. */
export const keyUses = sqliteTable('key_uses', {
  userId: text('user_id').primaryKey(),
  /** Of the user. */
  shard: text('shard').notNull(),
  /** 1: the keys are to be counted for the next transaction. */
  isDue: integer('is_due').notNull().default(1),
});
