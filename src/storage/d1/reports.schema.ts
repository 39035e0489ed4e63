import { integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Source. What users reported, until an administrator has dealt with it. A later report of the same replaces it. */
export const reports = sqliteTable(
  'reports',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    ts: integer('ts').notNull(),
    reporter: text('reporter').notNull(),
    /** Empty where it is about none: a user alone, or a room without an event. */
    roomId: text('room_id').notNull(),
    eventId: text('event_id').notNull(),
    userId: text('user_id').notNull(),
    reason: text('reason').notNull(),
    /** The event as the reporter saw it, as JSON; null: it was no event. */
    event: text('event'),
  },
  (table) => [uniqueIndex('reports_target').on(table.reporter, table.roomId, table.eventId, table.userId)],
);
