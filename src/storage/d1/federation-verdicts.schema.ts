import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. What a workspace or an administrator says of who may meet other servers. */
export const federationVerdicts = sqliteTable('federation_verdicts', {
  userId: text('user_id').primaryKey(),
  /** 1: may, whatever else is asked of users; 0: may not. */
  allowed: integer('allowed').notNull(),
});
