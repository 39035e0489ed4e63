import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Relations that hold: of events that clients see and that were not redacted. It follows from `events`. */
export const relations = sqliteTable(
  'relations',
  {
    eventId: text('event_id').primaryKey(),
    /** The parent, known or not. */
    relatesTo: text('relates_to').notNull(),
    relType: text('rel_type').notNull(),
    type: text('type').notNull(),
    sender: text('sender').notNull(),
    /** Of an annotation. */
    key: text('key'),
    /** 1: it says what the new content is, and is no state. */
    isEdit: integer('is_edit').notNull(),
    originServerTs: integer('origin_server_ts').notNull(),
    /** History visibility that held at it. */
    visibility: text('visibility').notNull(),
    anchor: integer('anchor').notNull(),
    sub: integer('sub').notNull(),
  },
  (table) => [
    index('relations_order').on(
      table.relatesTo,
      table.anchor,
      table.sub,
      table.relType,
      table.visibility,
      table.sender,
    ),
    index('relations_sender').on(table.relatesTo, table.relType, table.sender, table.originServerTs, table.eventId),
  ],
);

/** Roots of threads, with the place of the newest reply in the history. */
export const threads = sqliteTable(
  'threads',
  {
    rootId: text('root_id').primaryKey(),
    anchor: integer('anchor').notNull(),
    sub: integer('sub').notNull(),
  },
  (table) => [index('threads_order').on(table.anchor, table.sub)],
);
