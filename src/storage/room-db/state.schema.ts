import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The main line of the room's state: who held a key over which positions. Open intervals end at 2^53 - 1. */
export const state = sqliteTable(
  'state',
  {
    type: text('type').notNull(),
    stateKey: text('state_key').notNull(),
    fromPos: integer('from_pos').notNull(),
    toPos: integer('to_pos').notNull(),
    eventId: text('event_id').notNull(),
    /** Of a member event: its membership. */
    membership: text('membership'),
  },
  (table) => [
    primaryKey({ columns: [table.type, table.stateKey, table.fromPos] }),
    index('state_open').on(table.toPos, table.type),
  ],
);

/** The state of a branch, as its difference from the main line at a position. */
export const stateGroups = sqliteTable('state_groups', {
  groupId: integer('group_id').primaryKey({ autoIncrement: true }),
  basePos: integer('base_pos').notNull(),
});

export const stateGroupChanges = sqliteTable(
  'state_group_changes',
  {
    groupId: integer('group_id').notNull(),
    type: text('type').notNull(),
    stateKey: text('state_key').notNull(),
    /** Null: the key is absent in this branch. */
    eventId: text('event_id'),
  },
  (table) => [primaryKey({ columns: [table.groupId, table.type, table.stateKey] })],
);
