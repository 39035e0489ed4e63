import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Every event the room knows. JSON of state events stays for ever; other columns of every event do. */
export const events = sqliteTable(
  'events',
  {
    eventId: text('event_id').primaryKey(),
    /** Position of its `event` row in the stream; null for what clients do not see. */
    pos: integer('pos'),
    /** History order (anchor, sub); null for what is not in the history (outliers, rejected, soft-failed). */
    anchor: integer('anchor'),
    sub: integer('sub'),
    type: text('type').notNull(),
    stateKey: text('state_key'),
    sender: text('sender').notNull(),
    depth: integer('depth').notNull(),
    originServerTs: integer('origin_server_ts').notNull(),
    redacts: text('redacts'),
    relatesTo: text('relates_to'),
    relType: text('rel_type'),
    /** accepted | soft_failed | rejected | outlier */
    status: text('status').notNull(),
    /** 1: an intact or better-signed copy may replace it. */
    provisional: integer('provisional').notNull(),
    reason: text('reason'),
    /** 0 without auth events, else 1 + the maximum over them. */
    authHeight: integer('auth_height').notNull(),
    /** History visibility that held at it. */
    visibility: text('visibility'),
    redactedBy: text('redacted_by'),
    /** 1: a message that was older than messages of the room may be; its content has gone. */
    expired: integer('expired').notNull().default(0),
    /** State before and after it: main line at a position, or a group that differs from one. Null: unknown. */
    beforePos: integer('before_pos'),
    beforeGroup: integer('before_group'),
    afterPos: integer('after_pos'),
    afterGroup: integer('after_group'),
    receivedTs: integer('received_ts').notNull(),
    /** The server whose send_join, send_leave or send_knock gave it to us: we carry it to the others. */
    relayedFrom: text('relayed_from'),
    /** The application service that made it. */
    appservice: text('appservice'),
    json: text('json'),
    /** Where the JSON is once archived. */
    segment: text('segment'),
    offset: integer('offset'),
  },
  (table) => [
    index('events_history').on(table.anchor, table.sub),
    index('events_redacts').on(table.redacts),
    index('events_relation').on(table.relatesTo),
  ],
);

/** Edges to parents, known or not. */
export const eventEdges = sqliteTable(
  'event_edges',
  { eventId: text('event_id').notNull(), prevEventId: text('prev_event_id').notNull() },
  (table) => [
    primaryKey({ columns: [table.eventId, table.prevEventId] }),
    index('event_edges_prev').on(table.prevEventId),
  ],
);

/** Edges to auth events. */
export const eventAuth = sqliteTable(
  'event_auth',
  {
    eventId: text('event_id').notNull(),
    authEventId: text('auth_event_id').notNull(),
    /** 1 for a state event: state resolution walks up over those alone. */
    isState: integer('is_state').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.eventId, table.authEventId] }),
    index('event_auth_event').on(table.authEventId, table.isState),
  ],
);

/** Events that nothing accepted names as a parent. */
export const forwardExtremities = sqliteTable('forward_extremities', { eventId: text('event_id').primaryKey() });

/** Holes in the history: parents that we do not have, below the event that names them. */
export const backwardExtremities = sqliteTable(
  'backward_extremities',
  { eventId: text('event_id').notNull(), childEventId: text('child_event_id').notNull() },
  (table) => [
    primaryKey({ columns: [table.childEventId, table.eventId] }),
    index('backward_extremities_event').on(table.eventId),
  ],
);

/** Rejected events in the order in which they were rejected: of each origin they are bounded. */
export const rejected = sqliteTable(
  'rejected',
  {
    seq: integer('seq').primaryKey(),
    eventId: text('event_id').notNull().unique(),
    /** The sender's server. */
    origin: text('origin').notNull(),
  },
  (table) => [index('rejected_origin').on(table.origin, table.seq)],
);
