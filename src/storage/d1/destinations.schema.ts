import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Servers whose object may be addressed: they share a room with us, or we contacted them. */
export const destinations = sqliteTable('destinations', {
  server: text('server').primaryKey(),
  registeredTs: integer('registered_ts').notNull(),
});
