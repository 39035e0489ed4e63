import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Nonces of registrations with the shared secret that were used and have not run out yet. */
export const usedNonces = sqliteTable(
  'used_nonces',
  {
    nonce: text('nonce').primaryKey(),
    /** Milliseconds; after it the nonce is refused for its age. */
    expiresTs: integer('expires_ts').notNull(),
  },
  (table) => [index('used_nonces_expiry').on(table.expiresTs)],
);
