import { index, integer, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';

/** PDUs of the server that were acknowledged before their room took them, in the order in which they came. */
export const staged = sqliteTable(
  'staged',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    roomId: text('room_id').notNull(),
    eventId: text('event_id').notNull(),
    json: text('json').notNull(),
    /** Tries, the one under way included. */
    attempts: integer('attempts').notNull(),
  },
  (table) => [unique().on(table.roomId, table.eventId), index('staged_room').on(table.roomId, table.seq)],
);

/** Rooms that lately did not take PDUs of the server. */
export const notTaken = sqliteTable('not_taken', {
  roomId: text('room_id').primaryKey(),
  times: integer('times').notNull(),
  /** The first of them, in milliseconds. */
  since: integer('since').notNull(),
});
