import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The inbox of each device: messages that it has not said yet to have received. */
export const toDevice = sqliteTable(
  'to_device',
  {
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    /** Of the shard when the message came. */
    seq: integer('seq').notNull(),
    sender: text('sender').notNull(),
    type: text('type').notNull(),
    /** JSON. */
    content: text('content').notNull(),
    /** How many messages the inbox has had up to this one, and how many bytes: a message leaves with all before it. */
    count: integer('count').notNull(),
    bytes: integer('bytes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.deviceId, table.seq] })],
);

/** Deliveries of the last days, so that one that is repeated is received once. */
export const toDeviceReceived = sqliteTable(
  'to_device_received',
  {
    /** Their order. */
    number: integer('number').primaryKey(),
    sender: text('sender').notNull(),
    messageId: text('message_id').notNull(),
    /** Milliseconds. */
    ts: integer('ts').notNull(),
  },
  (table) => [index('to_device_received_id').on(table.sender, table.messageId)],
);

/** Messages to devices of users of application services, until these have them too. */
export const appserviceMessages = sqliteTable(
  'appservice_messages',
  {
    /** Their order. */
    number: integer('number').primaryKey({ autoIncrement: true }),
    appserviceId: text('appservice_id').notNull(),
    userId: text('user_id').notNull(),
    deviceId: text('device_id').notNull(),
    sender: text('sender').notNull(),
    type: text('type').notNull(),
    /** JSON. */
    content: text('content').notNull(),
    /** Milliseconds. */
    ts: integer('ts').notNull(),
    /** As in `to_device`, of each application service. */
    count: integer('count').notNull(),
    bytes: integer('bytes').notNull(),
  },
  (table) => [index('appservice_messages_of').on(table.appserviceId, table.number)],
);
