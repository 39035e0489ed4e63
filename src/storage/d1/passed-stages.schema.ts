import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. What was passed in sessions of user-interactive authentication that go on. */
export const passedStages = sqliteTable(
  'passed_stages',
  {
    session: text('session').primaryKey(),
    /** JSON of the stage types, in their order. */
    stages: text('stages').notNull(),
    /** Milliseconds; after it the session is none. */
    expiresTs: integer('expires_ts').notNull(),
  },
  (table) => [index('passed_stages_expiry').on(table.expiresTs)],
);
