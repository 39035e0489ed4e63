import { drizzle } from 'drizzle-orm/d1';

import type { RefusedRegistrations } from '../../appservice/ports.ts';
import { refusedRegistrations as table } from './refused-registrations.schema.ts';

/** The table `refused_registrations`. */
export function refusedRegistrations(database: D1Database): RefusedRegistrations {
  const db = drizzle(database);
  return {
    all: () => db.select().from(table).orderBy(table.file),
    replace: async (refused) => {
      await database.batch([
        database.prepare('delete from refused_registrations'),
        database
          .prepare(
            `insert or ignore into refused_registrations (file, reason)
             select value ->> '$.file', value ->> '$.reason' from json_each(?)`,
          )
          .bind(JSON.stringify(refused)),
      ]);
    },
  };
}
