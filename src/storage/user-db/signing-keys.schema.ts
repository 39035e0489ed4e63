import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Public cross-signing keys of users, as they were uploaded. */
export const signingKeys = sqliteTable(
  'signing_keys',
  {
    userId: text('user_id').notNull(),
    /** master | self_signing | user_signing */
    usage: text('usage').notNull(),
    json: text('json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.usage] })],
);

/** Signatures that users made of keys, their own and others': kept apart from the keys, which may be uploaded again. */
export const keySignatures = sqliteTable(
  'key_signatures',
  {
    /** Who signed. */
    userId: text('user_id').notNull(),
    targetUser: text('target_user').notNull(),
    /** The ID of the device, or the public master key. */
    targetKey: text('target_key').notNull(),
    /** With which key. */
    keyId: text('key_id').notNull(),
    signature: text('signature').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.targetUser, table.targetKey, table.keyId] })],
);
