import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Which room the direct chat of a set of users is, and who is finding or making it. */
export const directRooms = sqliteTable('direct_rooms', {
  /** SHA-256 of the sorted users. */
  memberSet: text('member_set').primaryKey(),
  /** Null: none yet. */
  roomId: text('room_id'),
  /** A random word of the call that has the right to; null: nobody has. */
  holder: text('holder'),
  /** Until when. */
  untilTs: integer('until_ts').notNull(),
});
