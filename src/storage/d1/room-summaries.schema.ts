import { sql } from 'drizzle-orm';
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Projection. What rooms last said of themselves, for the directory. */
export const roomSummaries = sqliteTable(
  'room_summaries',
  {
    roomId: text('room_id').primaryKey(),
    pos: integer('pos').notNull(),
    /** A copy of `rooms.published`, changed with it. */
    published: integer('published').notNull(),
    /** 0 for a room that we are not in. */
    joinedMembers: integer('joined_members').notNull(),
    roomType: text('room_type'),
    /** Name, topic and canonical alias in lower case, one a line. */
    search: text('search').notNull(),
    /** JSON of what the directory shows. */
    summary: text('summary').notNull(),
    /** JSON of what administrators are shown besides; null: the room has not said so yet. */
    details: text('details'),
  },
  // It holds all that a list is found by: a search reads no row that it does not show.
  (table) => [
    index('room_summaries_published')
      .on(table.joinedMembers, table.roomId, table.roomType, table.search)
      .where(sql`published = 1`),
  ],
);
