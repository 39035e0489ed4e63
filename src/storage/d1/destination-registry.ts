import { desc, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { DestinationRegistry } from '../../federation/destination-registry.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { LRU } from '../lru.ts';
import { destinations } from './destinations.schema.ts';

/** A server that was not registered is asked for again after this. */
const ABSENT_MS = 10_000;
const MAX_KNOWN = 10_000;
const MAX_LATEST = 500;

/** The table `destinations`, with what this isolate knows of it in front. */
export function destinationRegistry(database: D1Database, now: () => number): DestinationRegistry {
  const db = drizzle(database);
  /** Infinity for a registered server; otherwise until when the answer "no" counts. */
  const known = new LRU<ServerName, number>(MAX_KNOWN);
  async function addAll(servers: readonly ServerName[]): Promise<void> {
    const fresh = servers.filter((server) => known.get(server) !== Infinity);
    if (fresh.length === 0) return;
    await database
      .prepare('insert or ignore into destinations (server, registered_ts) select value, ? from json_each(?)')
      .bind(now(), JSON.stringify(fresh))
      .run();
    for (const server of fresh) known.set(server, Infinity);
  }
  return {
    async has(server) {
      const until = known.get(server);
      if (until !== undefined && now() < until) return until === Infinity;
      const rows = await db.select().from(destinations).where(eq(destinations.server, server)).limit(1);
      known.set(server, rows.length > 0 ? Infinity : now() + ABSENT_MS);
      return rows.length > 0;
    },
    async latest() {
      const rows = await db.select().from(destinations).orderBy(desc(destinations.registeredTs)).limit(MAX_LATEST);
      return rows.map(({ server }) => server as ServerName);
    },
    add: (server) => addAll([server]),
    addAll,
  };
}
