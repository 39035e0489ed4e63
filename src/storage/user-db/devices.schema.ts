import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The users of the shard, with their profile. */
export const users = sqliteTable('users', {
  userId: text('user_id').primaryKey(),
  displayname: text('displayname'),
  avatarUrl: text('avatar_url'),
  /** 1: a server administrator. */
  admin: integer('admin').notNull(),
  /** 1: for ever. */
  deactivated: integer('deactivated').notNull(),
  /** 1: may do nothing but log out. */
  locked: integer('locked').notNull().default(0),
  /** 1: may read and leave. */
  suspended: integer('suspended').notNull().default(0),
  /** 1: a guest. */
  guest: integer('guest').notNull().default(0),
});

/** Tries at passwords: when all of them are free again, in milliseconds. */
export const passwordTries = sqliteTable('password_tries', {
  userId: text('user_id').primaryKey(),
  freeAt: integer('free_at').notNull(),
});

export const devices = sqliteTable(
  'devices',
  {
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    displayName: text('display_name'),
    lastSeenTs: integer('last_seen_ts'),
    lastSeenIp: text('last_seen_ip'),
    /** The OAuth 2.0 client that it belongs to; null: logged in otherwise. */
    clientId: text('client_id'),
    /** 1: an application service made it, or its session; 0: none did; null: from before this was kept. */
    byAppservice: integer('by_appservice'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.deviceId] })],
);

/** Access and refresh tokens, as SHA-256 hashes: the token itself is nowhere. */
export const tokens = sqliteTable(
  'tokens',
  {
    hash: text('hash').primaryKey(),
    /** access | refresh | spent */
    kind: text('kind').notNull(),
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    /** Milliseconds; null: never. Of a spent one: when it is forgotten. */
    expiresTs: integer('expires_ts'),
    /** Hash of the refresh token that it came of, until it or its sibling is used. */
    parent: text('parent'),
    /** Of a refresh token: when it was last redeemed. */
    redeemedTs: integer('redeemed_ts'),
  },
  (table) => [index('tokens_device').on(table.userId, table.deviceId)],
);

/** Account data, global (empty room) and per room, with the `seq` of its last change. */
export const accountData = sqliteTable(
  'account_data',
  {
    userId: text('user_id').notNull(),
    roomId: text('room_id').notNull(),
    type: text('type').notNull(),
    content: text('content').notNull(),
    seq: integer('seq').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.roomId, table.type] }),
    index('account_data_seq').on(table.seq),
  ],
);

export const filters = sqliteTable(
  'filters',
  {
    userId: text('user_id').notNull(),
    filterId: integer('filter_id').notNull(),
    definition: text('definition').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.filterId] })],
);
