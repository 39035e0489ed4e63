import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * Source. Our signing keys; the seed is wrapped with the deployment's secret, or empty for one that is only listed as old. A
 * key is never deleted.
 */
export const signingKeys = sqliteTable('signing_keys', {
  keyId: text('key_id').primaryKey(),
  wrappedSeed: text('wrapped_seed').notNull(),
  publicKey: text('public_key').notNull(),
  createdTs: integer('created_ts').notNull(),
  /** Milliseconds; from then on it signs, if no newer key does. */
  signsFromTs: integer('signs_from_ts').notNull().default(0),
  /** Milliseconds, may lie ahead; null for the newest. */
  expiredTs: integer('expired_ts'),
  /** 1 for the newest key; unique, so that two isolates cannot make two. */
  active: integer('active').unique(),
});
