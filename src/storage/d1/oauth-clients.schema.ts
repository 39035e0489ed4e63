import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. OAuth 2.0 clients as they registered themselves; the same one twice is one row. */
export const oauthClients = sqliteTable(
  'oauth_clients',
  {
    /** Hash of the metadata. */
    clientId: text('client_id').primaryKey(),
    /** JSON, as far as it was taken. */
    metadata: text('metadata').notNull(),
    /** 1: somebody let it in; others go after a day. */
    used: integer('used').notNull(),
    registeredTs: integer('registered_ts').notNull(),
  },
  (table) => [index('oauth_clients_unused').on(table.used, table.registeredTs)],
);
