import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { DestinationList, ListedDestination } from '../../federation/destination-list.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { destinations } from './destinations.schema.ts';

/** The table `destinations`, for administrators. */
export function destinationList(database: D1Database): DestinationList {
  const db = drizzle(database);
  return {
    page: async ({ search, after, limit }) => {
      const rows = await db
        .select()
        .from(destinations)
        .where(
          and(
            after === undefined ? undefined : gt(destinations.server, after),
            // Not LIKE: what is sought is no pattern.
            search === undefined ? undefined : sql`instr(${destinations.server}, ${search}) > 0`,
          ),
        )
        .orderBy(asc(destinations.server))
        .limit(limit);
      return rows.map(toListed);
    },
    find: async (server) => {
      const rows = await db.select().from(destinations).where(eq(destinations.server, server)).limit(1);
      return rows.map(toListed)[0];
    },
  };
}

const toListed = ({ server, registeredTs }: typeof destinations.$inferSelect): ListedDestination => ({
  server: server as ServerName,
  registeredTs,
});
