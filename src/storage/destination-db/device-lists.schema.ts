import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What users of the server publish who share a room with users here. */
export const deviceLists = sqliteTable(
  'device_lists',
  {
    userId: text('user_id').primaryKey(),
    /** Of the list at the server; null: not known. */
    streamId: integer('stream_id'),
    /** 0: it has changed since. */
    isCurrent: integer('is_current').notNull(),
    /** When the server told the whole list, in milliseconds. */
    checkedAt: integer('checked_at').notNull(),
    /** When somebody last asked for it, to the day. */
    usedAt: integer('used_at').notNull(),
    /** When to fetch it again; null: not at all. */
    resyncAt: integer('resync_at'),
    attempt: integer('attempt').notNull(),
    bytes: integer('bytes').notNull(),
    /** JSON: by what it is seen that a room has been shared ever since. */
    anchor: text('anchor').notNull(),
    /** JSON of the list. */
    json: text('json').notNull(),
  },
  (table) => [index('device_lists_used_at').on(table.usedAt), index('device_lists_resync_at').on(table.resyncAt)],
);
