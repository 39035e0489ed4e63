import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What the rooms last said of themselves, by which users' rooms are sorted and filtered. */
export const roomActivity = sqliteTable('room_activity', {
  roomId: text('room_id').primaryKey(),
  /** `seq` of the last range with an event, and of the last with one that counts as activity. */
  activeSeq: integer('active_seq').notNull(),
  bumpSeq: integer('bump_seq').notNull(),
  roomType: text('room_type'),
  encrypted: integer('encrypted').notNull(),
});

/** Connections of sliding sync: the generation that the client last proved to have, and the newest one. */
export const slidingConnections = sqliteTable(
  'sliding_connections',
  {
    connection: text('connection').primaryKey(),
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    /** As the client calls it. */
    connId: text('conn_id').notNull(),
    baseGeneration: integer('base_generation').notNull(),
    baseSeq: integer('base_seq').notNull(),
    baseAccountSeq: integer('base_account_seq').notNull(),
    generation: integer('generation').notNull(),
    seq: integer('seq').notNull(),
    /** Account data was told up to here; 0: none yet. */
    accountSeq: integer('account_seq').notNull(),
    usedTs: integer('used_ts').notNull(),
  },
  (table) => [index('sliding_connections_device').on(table.userId, table.deviceId)],
);

/** What a client knows of a room from a generation of its connection on. */
export const slidingRooms = sqliteTable(
  'sliding_rooms',
  {
    connection: text('connection').notNull(),
    roomId: text('room_id').notNull(),
    generation: integer('generation').notNull(),
    pos: integer('pos').notNull(),
    membership: text('membership').notNull(),
    /** How many of the newest events up to `pos` the client has. */
    seen: integer('seen').notNull(),
    /** What state it is up to date with: a row of `sliding_configs`. */
    config: integer('config').notNull(),
    isDirect: integer('is_direct').notNull(),
    /** Receipts were told up to here; null: none yet. */
    receiptsPos: integer('receipts_pos'),
    /** 1: account data of the room was told up to the connection's `account_seq`. */
    hasAccountData: integer('has_account_data').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.connection, table.roomId, table.generation] }),
    index('sliding_rooms_generation').on(table.connection, table.generation),
    index('sliding_rooms_room').on(table.roomId),
  ],
);

/** The wishes for state of a connection, as JSON. */
export const slidingConfigs = sqliteTable(
  'sliding_configs',
  {
    connection: text('connection').notNull(),
    id: integer('id').notNull(),
    json: text('json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.id] })],
);
