import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The server's verify keys. One that was ever verified stays: old events need it. */
export const verifyKeys = sqliteTable('verify_keys', {
  keyId: text('key_id').primaryKey(),
  publicKey: text('public_key').notNull(),
  /** Milliseconds. */
  validUntil: integer('valid_until').notNull(),
});
