import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Registrations of application services. */
export const appservices = sqliteTable('appservices', {
  id: text('id').primaryKey(),
  asTokenHash: text('as_token_hash').notNull().unique(),
  /** Wrapped with the deployment's secret. */
  wrappedHsToken: text('wrapped_hs_token').notNull(),
  /** JSON; no tokens. */
  registration: text('registration').notNull(),
  /** Milliseconds. */
  updatedTs: integer('updated_ts').notNull(),
});
