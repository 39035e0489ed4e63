import { isNull } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Files: uploaded here, and fetched from other servers. Their bytes are in R2. */
export const media = sqliteTable(
  'media',
  {
    server: text('server').notNull(),
    mediaId: text('media_id').notNull(),
    /** Who uploaded it; null: fetched from another server. */
    userId: text('user_id'),
    contentType: text('content_type').notNull(),
    fileName: text('file_name'),
    sizeBytes: integer('size_bytes').notNull(),
    /** Null: its bytes have not come yet. */
    objectKey: text('object_key'),
    createdTs: integer('created_ts').notNull(),
    /** Until when they have to come, or until when somebody fetches them. Null once they are here. */
    expiresTs: integer('expires_ts'),
    accessedTs: integer('accessed_ts').notNull(),
    /** The administrator that quarantined it, if any. */
    quarantinedBy: text('quarantined_by'),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.mediaId] }),
    index('media_user').on(table.userId, table.sizeBytes),
    index('media_created').on(table.createdTs),
    index('media_awaited').on(table.expiresTs).where(isNull(table.objectKey)),
  ],
);
