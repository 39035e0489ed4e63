import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Settings that were changed, as JSON. The row `revision` counts the changes. */
export const settings = sqliteTable('settings', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
  /** Milliseconds. */
  updatedTs: integer('updated_ts').notNull().default(0),
});
