import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The log of a shard: one row per batch of a room, for all of its users. */
export const progress = sqliteTable(
  'progress',
  {
    seq: integer('seq').primaryKey(),
    roomId: text('room_id').notNull(),
    pos: integer('pos').notNull(),
    ts: integer('ts').notNull(),
  },
  (table) => [index('progress_room').on(table.roomId, table.seq)],
);

/** Where each room's stream has been applied to. */
export const roomCursors = sqliteTable('room_cursors', {
  roomId: text('room_id').primaryKey(),
  epoch: text('epoch').notNull(),
  pos: integer('pos').notNull(),
});

/** The rooms of each user: the filter of the log. */
export const userRooms = sqliteTable(
  'user_rooms',
  {
    userId: text('user_id').notNull(),
    roomId: text('room_id').notNull(),
    membership: text('membership').notNull(),
    /** Position at which this membership began, and the `seq` under which the shard learnt of it. */
    fromPos: integer('from_pos').notNull(),
    seq: integer('seq').notNull(),
    /** Whether the user was ever joined: without, there is no history to read. */
    wasJoined: integer('was_joined').notNull(),
    forgotten: integer('forgotten').notNull(),
    /** 1: somebody else ended or gave the membership, as in a kick. */
    byOther: integer('by_other').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.roomId] }), index('user_rooms_room').on(table.roomId)],
);
