import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Registration tokens. Source of the fields: Client-Server API, "Token-authenticated registration". */
export const registrationTokens = sqliteTable('registration_tokens', {
  token: text('token').primaryKey(),
  /** Null: any number. */
  usesAllowed: integer('uses_allowed'),
  completed: integer('completed').notNull(),
  /** Milliseconds; null: never. */
  expiresTs: integer('expires_ts'),
  /** 1: it makes an administrator. */
  admin: integer('admin').notNull(),
});
