import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Single values of the room: identity, life, heads. */
export const meta = sqliteTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() });

/** Client transaction IDs. Scope is the device, or application service and user; path is what was called. */
export const transactions = sqliteTable(
  'transactions',
  {
    scope: text('scope').notNull(),
    path: text('path').notNull(),
    txnId: text('txn_id').notNull(),
    eventId: text('event_id').notNull(),
    ts: integer('ts').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.scope, table.path, table.txnId] }),
    index('transactions_ts').on(table.ts),
    index('transactions_event').on(table.eventId),
  ],
);

/** Answers of mutating calls by operation ID, kept for ten minutes. */
export const operations = sqliteTable(
  'operations',
  { opId: text('op_id').primaryKey(), answer: text('answer').notNull(), at: integer('at').notNull() },
  (table) => [index('operations_at').on(table.at)],
);

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

/** PDUs that could not be decided: what they lack, or why they failed. */
export const parked = sqliteTable(
  'parked',
  {
    eventId: text('event_id').primaryKey(),
    origin: text('origin').notNull(),
    json: text('json').notNull(),
    /** missing | unverified | internal | crashed */
    reason: text('reason').notNull(),
    /** Of `unverified`: the server whose key could not be fetched. Of `internal` and `crashed`: the error. */
    detail: text('detail'),
    /** Tries by time so far; raised in an earlier commit than the try. */
    attempts: integer('attempts').notNull(),
    parkedTs: integer('parked_ts').notNull(),
    /** When it is tried again; null: by an administrator's hand, or when what it lacks arrives. */
    retryAt: integer('retry_at'),
    /** 1: we asked for it, as the parent of another; its missing parents may be replaced by a claim of state. */
    pulled: integer('pulled').notNull().default(0),
  },
  (table) => [
    index('parked_ts').on(table.parkedTs),
    index('parked_origin').on(table.origin, table.parkedTs),
    index('parked_retry').on(table.retryAt),
  ],
);

export const parkedMissing = sqliteTable(
  'parked_missing',
  { missingId: text('missing_id').notNull(), eventId: text('event_id').notNull() },
  (table) => [
    primaryKey({ columns: [table.missingId, table.eventId] }),
    index('parked_missing_event').on(table.eventId),
  ],
);

/** Sagas that outlive a call: joins, drafts, rejections of remote invites (contracts, sections 3 and 5). */
export const sagas = sqliteTable(
  'sagas',
  {
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    step: text('step').notNull(),
    data: text('data').notNull(),
    at: integer('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** Events of a join's answer: those that wait for what they rest on, or for a key; and which of them are its state. */
export const joinEvents = sqliteTable(
  'join_events',
  {
    eventId: text('event_id').primaryKey(),
    depth: integer('depth').notNull(),
    isState: integer('is_state').notNull(),
    /** Canonical JSON without `unsigned`; null once it is stored as an event. */
    json: text('json'),
    /** The server whose key could not be fetched. */
    unverified: text('unverified'),
  },
  (table) => [index('join_events_open').on(table.unverified, table.depth)],
);
