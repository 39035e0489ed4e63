import { drizzle } from 'drizzle-orm/d1';

import { shards } from './shards.schema.ts';

/** For who can do without a new shard for so long. */
const KNOWN_MS = 60_000;

/** The names of all shards of local users. */
export function shardNames(database: D1Database): () => Promise<readonly string[]> {
  const db = drizzle(database);
  return async () => (await db.select({ name: shards.name }).from(shards)).map(({ name }) => name);
}

/** The same, without asking each time: a new shard is noticed within a minute. */
export function shardList(database: D1Database, now: () => number): () => Promise<readonly string[]> {
  const ask = shardNames(database);
  let known: { readonly names: readonly string[]; readonly until: number } | undefined;
  return async () => {
    if (known === undefined || now() >= known.until) known = { names: await ask(), until: now() + KNOWN_MS };
    return known.names;
  };
}
