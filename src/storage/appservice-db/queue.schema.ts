import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Single values: `id`, `registered_ts`, `since_ts`, `transactions` (how many were made) and `health`, as JSON. */
export const meta = sqliteTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() });

/** What the object has to do at a time; null when parked (durable/schedule.ts). */
export const duties = sqliteTable(
  'duties',
  {
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    at: integer('at'),
    attempt: integer('attempt').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] }), index('duties_at').on(table.at)],
);

/** How far the log of each shard of local users was looked through, and how far it goes. */
export const shardCursors = sqliteTable('shard_cursors', {
  shard: text('shard').primaryKey(),
  seq: integer('seq').notNull(),
  head: integer('head').notNull(),
  /** The last message to a device that was taken over from it. */
  messageNumber: integer('message_number').notNull().default(0),
  /** 1: it has more messages to devices than were taken over. */
  goesOn: integer('goes_on').notNull().default(0),
  /** News of devices were looked through up to here; null: never. */
  deviceSeq: integer('device_seq'),
});

/** Rooms that have moved: what is in them up to `pos` is sent, or is in the transaction; up to `target` they have more. */
export const rooms = sqliteTable(
  'rooms',
  {
    roomId: text('room_id').primaryKey(),
    epoch: text('epoch').notNull(),
    /** Null: not known yet, the room is asked where the registration stands in it. */
    pos: integer('pos'),
    target: integer('target').notNull(),
    /** Since when it has more (ms), and its place among those that have; null where it has nothing more. */
    waitingTs: integer('waiting_ts'),
    turn: integer('turn'),
    /** A room that did not answer is asked again at this time (ms). */
    attempts: integer('attempts').notNull(),
    retryAt: integer('retry_at').notNull(),
    /** 1: what happens there concerns the application service, as of `pos`. */
    isOfInterest: integer('is_of_interest').notNull().default(0),
  },
  (table) => [index('rooms_turn').on(table.turn)],
);

/** The transaction that is under way: at most one row. */
export const transactions = sqliteTable('transactions', {
  txnId: text('txn_id').primaryKey(),
  /** The bytes that are sent, every time the same. */
  body: text('body').notNull(),
  events: integer('events').notNull(),
  madeTs: integer('made_ts').notNull(),
});

/** Messages to devices that are in no transaction yet. */
export const messages = sqliteTable('messages', {
  /** Their order. */
  number: integer('number').primaryKey(),
  /** As it is sent. */
  json: text('json').notNull(),
});
