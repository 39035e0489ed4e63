import { index, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Projection. Which events name a file that was uploaded here. */
export const mediaUses = sqliteTable(
  'media_uses',
  {
    mediaId: text('media_id').notNull(),
    eventId: text('event_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.mediaId, table.eventId] }), index('media_uses_event').on(table.eventId)],
);
