import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Rooms that are behind with this server, and from where they go on. */
export const roomCursors = sqliteTable('room_cursors', {
  roomId: text('room_id').primaryKey(),
  epoch: text('epoch').notNull(),
  fromPos: integer('from_pos').notNull(),
});

/** PDUs that the server refuses, one by one, with its reason. */
export const parkedPdus = sqliteTable(
  'parked_pdus',
  {
    roomId: text('room_id').notNull(),
    eventId: text('event_id').notNull(),
    reason: text('reason').notNull(),
    at: integer('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.eventId] }), index('parked_pdus_at').on(table.at)],
);

/** EDUs that are kept until the server has them, in the order in which they are sent. */
export const keptEdus = sqliteTable('kept_edus', {
  seq: integer('seq').primaryKey(),
  /** One that waits is not kept twice. */
  id: text('id').notNull().unique(),
  /** The whole EDU. */
  json: text('json').notNull(),
  /** How many have been kept up to this one, and how many bytes: an EDU goes with all before it. */
  count: integer('count').notNull(),
  bytes: integer('bytes').notNull(),
});
