import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Projection. Rooms of which something can be found, or whether there is something was looked. */
export const searchedRooms = sqliteTable('searched_rooms', {
  id: integer('id').primaryKey(),
  roomId: text('room_id').notNull().unique(),
  /** 1: what was there before the database is in it, too. */
  complete: integer('complete').notNull(),
});

/** Projection. Events that are found by words: the words stand in `search_words`, under the same ID. */
export const searchedEvents = sqliteTable('searched_events', {
  id: integer('id').primaryKey(),
  eventId: text('event_id').notNull().unique(),
  /** The ID of its row in `searched_rooms`. */
  room: integer('room').notNull(),
  type: text('type').notNull(),
  sender: text('sender').notNull(),
  ts: integer('ts').notNull(),
  /** The head of the room's stream when it was read: what is older replaces nothing, not even the lack of words. */
  asOf: integer('as_of').notNull(),
});
