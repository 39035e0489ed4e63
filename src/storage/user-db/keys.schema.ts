import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Identity keys of devices, as they were uploaded. */
export const deviceKeys = sqliteTable(
  'device_keys',
  {
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    json: text('json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.deviceId] })],
);

/** One-time keys. A claimed one stays for a while without its JSON, so that it cannot be uploaded and claimed again. */
export const oneTimeKeys = sqliteTable(
  'one_time_keys',
  {
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    algorithm: text('algorithm').notNull(),
    keyId: text('key_id').notNull(),
    /** When it was uploaded: the oldest are claimed first. */
    uploadedTs: integer('uploaded_ts').notNull(),
    /** Null: claimed. */
    json: text('json'),
    claimedTs: integer('claimed_ts'),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.deviceId, table.algorithm, table.keyId] }),
    index('one_time_keys_next').on(table.userId, table.deviceId, table.algorithm, table.uploadedTs),
  ],
);

/** At most one for each device and algorithm. */
export const fallbackKeys = sqliteTable(
  'fallback_keys',
  {
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    algorithm: text('algorithm').notNull(),
    keyId: text('key_id').notNull(),
    json: text('json').notNull(),
    /** 1: it was claimed. */
    used: integer('used').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.deviceId, table.algorithm] })],
);
