import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Where users want to be told of notifications. */
export const pushers = sqliteTable(
  'pushers',
  {
    userId: text('user_id').notNull(),
    appId: text('app_id').notNull(),
    pushkey: text('pushkey').notNull(),
    /** The device that made it, with which it ends. */
    deviceId: text('device_id').notNull(),
    /** What the client said of it, as JSON. */
    fields: text('fields').notNull(),
    setTs: integer('set_ts').notNull(),
    /** Failed tries in a row, and when the next is due. */
    attempts: integer('attempts').notNull(),
    nextTry: integer('next_try').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.appId, table.pushkey] })],
);

/** Rooms with users who have pushers, of which a range has not been looked at yet: from where. */
export const pushRooms = sqliteTable(
  'push_rooms',
  {
    roomId: text('room_id').primaryKey(),
    fromPos: integer('from_pos').notNull(),
    attempts: integer('attempts').notNull(),
    nextTry: integer('next_try').notNull(),
  },
  (table) => [index('push_rooms_next').on(table.nextTry)],
);

/** What is to be sent to a pusher, oldest first. */
export const pushes = sqliteTable(
  'pushes',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    userId: text('user_id').notNull(),
    appId: text('app_id').notNull(),
    pushkey: text('pushkey').notNull(),
    ts: integer('ts').notNull(),
    /** JSON; null: only the number of what is unread. */
    push: text('push'),
  },
  (table) => [index('pushes_pusher').on(table.userId, table.appId, table.pushkey, table.id)],
);

/** What users with pushers have unread in each room, as it was when the room was last looked at. Only above 0. */
export const pushCounts = sqliteTable(
  'push_counts',
  { userId: text('user_id').notNull(), roomId: text('room_id').notNull(), unread: integer('unread').notNull() },
  (table) => [primaryKey({ columns: [table.userId, table.roomId] })],
);
