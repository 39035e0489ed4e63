import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Backups of room keys. A deleted one stays without its keys, so that its version is never given again. */
export const keyBackups = sqliteTable(
  'key_backups',
  {
    userId: text('user_id').notNull(),
    version: integer('version').notNull(),
    algorithm: text('algorithm').notNull(),
    authData: text('auth_data').notNull(),
    /** How often its keys changed. */
    etag: integer('etag').notNull(),
    /** Of its keys. */
    count: integer('count').notNull(),
    /** 1: it was deleted. */
    deleted: integer('deleted').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.version] })],
);

/** Encrypted room keys of backups. */
export const backedUpKeys = sqliteTable(
  'backed_up_keys',
  {
    userId: text('user_id').notNull(),
    version: integer('version').notNull(),
    roomId: text('room_id').notNull(),
    sessionId: text('session_id').notNull(),
    firstMessageIndex: integer('first_message_index').notNull(),
    forwardedCount: integer('forwarded_count').notNull(),
    /** 1: the device that the key is from was verified. */
    isVerified: integer('is_verified').notNull(),
    /** JSON. */
    sessionData: text('session_data').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.version, table.roomId, table.sessionId] })],
);
