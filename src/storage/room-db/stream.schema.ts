import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The room's stream: one row per position. Kinds: event, state, gap, redacted (docs/design/stream.md). */
export const stream = sqliteTable(
  'stream',
  {
    pos: integer('pos').primaryKey(),
    kind: text('kind').notNull(),
    eventId: text('event_id'),
    type: text('type'),
    /** Of a `redacted` row: the files of this server that the event named, media IDs with a space between them. */
    stateKey: text('state_key'),
    /** Of a `state` row: who held the key before. Of a `redacted` row: what it edited. */
    beforeEventId: text('before_event_id'),
  },
  (table) => [index('stream_kind').on(table.kind, table.pos)],
);

/** Public read receipts: one row per user, type and thread, with the position of its last change. */
export const receipts = sqliteTable(
  'receipts',
  {
    userId: text('user_id').notNull(),
    type: text('type').notNull(),
    threadId: text('thread_id').notNull(),
    eventId: text('event_id').notNull(),
    ts: integer('ts').notNull(),
    /** The application service that put it there. */
    appservice: text('appservice'),
    pos: integer('pos').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.type, table.threadId] }), index('receipts_pos').on(table.pos)],
);

/** Receivers that have not confirmed everything up to `dispatched_through`: where to go on. */
export const receivers = sqliteTable('receivers', {
  receiver: text('receiver').primaryKey(),
  fromPos: integer('from_pos').notNull(),
  /** Since when (ms) a destination is in back-off, which asks by itself; 0: it is not. */
  detached: integer('detached').notNull(),
});

/** Shards of the local users that this room has ever had to do with. */
export const localUsers = sqliteTable('local_users', {
  userId: text('user_id').primaryKey(),
  shard: text('shard').notNull(),
  /** The head of the stream when the user forgot the room, after they had left it. */
  forgottenPos: integer('forgotten_pos'),
  /** 1: joined as a guest. */
  guest: integer('guest').notNull().default(0),
});
