import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** How often a user's device list has changed: the `stream_id` that other servers see. */
export const deviceLists = sqliteTable('device_lists', {
  userId: text('user_id').primaryKey(),
  streamId: integer('stream_id').notNull(),
  /** The last of those changes that others were told of. */
  announced: integer('announced').notNull().default(0),
});

/** Changes of device lists of the shard's users that others are still to be told of: the last one of each device. */
export const deviceListOutbox = sqliteTable(
  'device_list_outbox',
  {
    userId: text('user_id').notNull(),
    /** Empty: the user's cross-signing keys. */
    deviceId: text('device_id').notNull(),
    streamId: integer('stream_id').notNull(),
    /** Of the shard at the change. */
    seq: integer('seq').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.deviceId] })],
);

/** Users, here and elsewhere, whose device list changed, with the `seq` of the last change that the shard heard of. */
export const deviceListChanges = sqliteTable(
  'device_list_changes',
  {
    userId: text('user_id').notNull(),
    /** The one user who is told; empty: whoever shares a room. */
    viewer: text('viewer').notNull(),
    seq: integer('seq').notNull(),
    /** JSON of the rooms whose members are told; null: a user of the shard, whose rooms it knows. */
    rooms: text('rooms'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.viewer] }), index('device_list_changes_seq').on(table.seq)],
);

/** Rooms in which a membership changed, with the `seq` under which the shard last heard of one. */
export const memberChanges = sqliteTable(
  'member_changes',
  {
    roomId: text('room_id').primaryKey(),
    seq: integer('seq').notNull(),
  },
  (table) => [index('member_changes_seq').on(table.seq)],
);

/** Rooms that users of the shard have joined, whose servers are still to be told of their devices. */
export const deviceListJoins = sqliteTable(
  'device_list_joins',
  {
    userId: text('user_id').notNull(),
    roomId: text('room_id').notNull(),
    /** When, in milliseconds. */
    at: integer('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.roomId] })],
);

/** Other servers that have asked for the devices of users of the shard, and may hold what they were told. */
export const deviceListTrackers = sqliteTable(
  'device_list_trackers',
  {
    userId: text('user_id').notNull(),
    server: text('server').notNull(),
    /** When it was noted, in milliseconds. */
    at: integer('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.server] }),
    index('device_list_trackers_at').on(table.userId, table.at),
  ],
);
