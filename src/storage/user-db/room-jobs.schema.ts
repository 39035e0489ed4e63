import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What is still to be done in rooms of a user; `at` null: given up. */
export const roomJobs = sqliteTable(
  'room_jobs',
  {
    /** profile | departure | erasure */
    kind: text('kind').notNull(),
    userId: text('user_id').notNull(),
    roomId: text('room_id').notNull(),
    revision: integer('revision').notNull(),
    attempts: integer('attempts').notNull(),
    at: integer('at'),
    /** The ID of the application service that had it done, if one did. */
    appservice: text('appservice'),
  },
  (table) => [primaryKey({ columns: [table.kind, table.userId, table.roomId] }), index('room_jobs_at').on(table.at)],
);
