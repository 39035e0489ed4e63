import { sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Registration files that were refused at the last start of the embedded server. */
export const refusedRegistrations = sqliteTable('refused_registrations', {
  /** Its name, without the directory. */
  file: text('file').primaryKey(),
  reason: text('reason').notNull(),
});
