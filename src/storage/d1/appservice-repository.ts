import { asc, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { Registration, RegistrationStore, StoredRegistration } from '../../appservice/ports.ts';
import { appservices } from './appservices.schema.ts';

/** The tables `appservices` and `audit_log`, which never holds a token. */
export function appserviceRepository(database: D1Database): RegistrationStore {
  const db = drizzle(database);
  const log = (action: string, id: string, by: string, now: number) =>
    database
      .prepare('insert into audit_log (ts, user_id, action, detail) select ?, ?, ?, ? where changes() > 0')
      .bind(now, by, action, JSON.stringify({ id }));
  return {
    all: async () => (await db.select().from(appservices).orderBy(asc(appservices.id))).map(read),

    find: async (id) => (await db.select().from(appservices).where(eq(appservices.id, id))).map(read)[0],

    put: async ({ registration, asTokenHash, wrappedHsToken }, by, now) => {
      const { id } = registration;
      const [written] = await database.batch([
        database
          .prepare(
            `insert into appservices (id, as_token_hash, wrapped_hs_token, registration, updated_ts)
             select ?, ?, ?, ?, ? where not exists (select 1 from appservices where as_token_hash = ? and id <> ?)
             on conflict (id) do update set as_token_hash = excluded.as_token_hash,
               wrapped_hs_token = excluded.wrapped_hs_token, registration = excluded.registration,
               updated_ts = excluded.updated_ts`,
          )
          .bind(id, asTokenHash, wrappedHsToken, JSON.stringify(registration), now, asTokenHash, id),
        log('appservice_put', id, by, now),
      ]);
      return written?.meta.changes === 1;
    },

    remove: async (id, by, now) => {
      const [removed] = await database.batch([
        database.prepare('delete from appservices where id = ?').bind(id),
        log('appservice_removed', id, by, now),
      ]);
      return removed?.meta.changes === 1;
    },
  };
}

function read(row: typeof appservices.$inferSelect): StoredRegistration {
  const { asTokenHash, wrappedHsToken } = row;
  return { registration: JSON.parse(row.registration) as Registration, asTokenHash, wrappedHsToken };
}
