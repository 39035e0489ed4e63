import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { ClientMetadata, ClientStore } from '../../accounts/oauth/clients.ts';
import { oauthClients } from './oauth-clients.schema.ts';

/** A client registers at the start of each login: one that nobody let in is of no use after this. */
const KEEP_UNUSED_MS = 24 * 3_600_000;

/** The table `oauth_clients`. */
export function oauthClientRepository(database: D1Database): ClientStore {
  const db = drizzle(database);
  return {
    put: async (clientId, metadata, now) => {
      await database.batch([
        database.prepare('delete from oauth_clients where used = 0 and registered_ts < ?').bind(now - KEEP_UNUSED_MS),
        database
          .prepare(
            `insert into oauth_clients (client_id, metadata, used, registered_ts) values (?, ?, 0, ?)
             on conflict (client_id) do update set registered_ts = excluded.registered_ts`,
          )
          .bind(clientId, JSON.stringify(metadata), now),
      ]);
    },
    find: async (clientId) => {
      const [row] = await db.select().from(oauthClients).where(eq(oauthClients.clientId, clientId));
      return row === undefined ? undefined : { clientId, ...(JSON.parse(row.metadata) as ClientMetadata) };
    },
    setUsed: async (clientId) => {
      await db.update(oauthClients).set({ used: 1 }).where(eq(oauthClients.clientId, clientId));
    },
  };
}
