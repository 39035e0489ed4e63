import { drizzle } from 'drizzle-orm/d1';

import { shards } from './shards.schema.ts';

/** A new shard is noticed after this. */
const KNOWN_MS = 60_000;

/** The names of all shards of local users. */
export function shardList(database: D1Database, now: () => number): () => Promise<readonly string[]> {
  const db = drizzle(database);
  let known: { readonly names: readonly string[]; readonly until: number } | undefined;
  return async () => {
    if (known !== undefined && now() < known.until) return known.names;
    const rows = await db.select({ name: shards.name }).from(shards);
    known = { names: rows.map(({ name }) => name), until: now() + KNOWN_MS };
    return known.names;
  };
}
