import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Shards of local users, and how many accounts each has. */
export const shards = sqliteTable('shards', {
  name: text('name').primaryKey(),
  number: integer('number').notNull().unique(),
  accounts: integer('accounts').notNull(),
});
