import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. That an account exists, and how it proves itself; everything else of it is in its shard. */
export const accounts = sqliteTable(
  'accounts',
  {
    userId: text('user_id').primaryKey(),
    /** Given at creation, for ever. */
    shard: text('shard').notNull(),
    /** Null: no password login. */
    passwordHash: text('password_hash'),
    admin: integer('admin').notNull(),
    deactivated: integer('deactivated').notNull(),
    /** 1: may do nothing but log out, until an administrator lifts it. */
    locked: integer('locked').notNull().default(0),
    /** 1: may read and leave, until an administrator lifts it. */
    suspended: integer('suspended').notNull().default(0),
    /** 1: a guest, until they register in full. */
    guest: integer('guest').notNull().default(0),
    /** JSON of the versions of the documents that were accepted, by their IDs; null: there were none. */
    policies: text('policies'),
    createdTs: integer('created_ts').notNull(),
  },
  (table) => [index('accounts_shard').on(table.shard)],
);
