import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Our signing keys; the seed is wrapped with the deployment's secret. A key is never deleted. */
export const signingKeys = sqliteTable('signing_keys', {
  keyId: text('key_id').primaryKey(),
  wrappedSeed: text('wrapped_seed').notNull(),
  publicKey: text('public_key').notNull(),
  createdTs: integer('created_ts').notNull(),
  /** Milliseconds; null while it signs. */
  expiredTs: integer('expired_ts'),
  /** 1 for the key that signs; unique, so that two isolates cannot make two. */
  active: integer('active').unique(),
});
