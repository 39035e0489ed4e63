import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * Source. What is exchanged once for a session: login tokens, authorization codes and device codes; which codes led to
 * one; and that cross-signing keys may be replaced once.
 */
export const grants = sqliteTable(
  'grants',
  {
    /** SHA-256 of the code, or of the session of user-interactive authentication: itself it is nowhere. */
    hash: text('hash').primaryKey(),
    /** login | code | device | redeemed | reset */
    kind: text('kind').notNull(),
    /** pending | allowed | denied; only a device code waits. */
    status: text('status').notNull(),
    /** Null while a device code waits for somebody. */
    userId: text('user_id'),
    /** The OAuth 2.0 client; null for a login token and a reset. */
    clientId: text('client_id'),
    /** The Matrix device that the client asked for. */
    deviceId: text('device_id'),
    redirectUri: text('redirect_uri'),
    /** Of PKCE, S256. */
    codeChallenge: text('code_challenge'),
    /** Of a device code: a MAC of what its user types. */
    userCodeHash: text('user_code_hash').unique(),
    /** Of a device code: when it was last asked about, in milliseconds. */
    polledTs: integer('polled_ts'),
    expiresTs: integer('expires_ts').notNull(),
  },
  (table) => [index('grants_expiry').on(table.expiresTs)],
);
