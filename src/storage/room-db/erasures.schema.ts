import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Users whose content is erased, with the head of the stream at that time: who came later sees it redacted. */
export const erasures = sqliteTable('erasures', {
  userId: text('user_id').primaryKey(),
  pos: integer('pos').notNull(),
});
