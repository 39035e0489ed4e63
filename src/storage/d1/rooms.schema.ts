import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Rooms whose object may be addressed: ours, joined or invited to. A row precedes every object. */
export const rooms = sqliteTable('rooms', {
  roomId: text('room_id').primaryKey(),
  roomVersion: text('room_version').notNull(),
  createdTs: integer('created_ts').notNull(),
  /** 1: published in our directory. */
  published: integer('published').notNull(),
  projectedPos: integer('projected_pos').notNull(),
});

/** Source. Aliases of ours: reserved before the room is told, active after. */
export const aliases = sqliteTable(
  'aliases',
  {
    alias: text('alias').primaryKey(),
    roomId: text('room_id').notNull(),
    creator: text('creator').notNull(),
    state: text('state').notNull(),
    ts: integer('ts').notNull(),
  },
  (table) => [index('aliases_room').on(table.roomId)],
);

/** Projection. Memberships of local users, as the rooms last said. */
export const memberships = sqliteTable(
  'memberships',
  {
    roomId: text('room_id').notNull(),
    userId: text('user_id').notNull(),
    membership: text('membership').notNull(),
    pos: integer('pos').notNull(),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.userId] }), index('memberships_user').on(table.userId)],
);

/** Projection. Every event, so that an event ID alone finds its room. */
export const events = sqliteTable(
  'events',
  {
    eventId: text('event_id').primaryKey(),
    roomId: text('room_id').notNull(),
    pos: integer('pos').notNull(),
    type: text('type').notNull(),
    sender: text('sender').notNull(),
    originServerTs: integer('origin_server_ts').notNull(),
  },
  (table) => [index('events_room').on(table.roomId, table.pos)],
);
