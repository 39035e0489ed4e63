/** What a repository of a Durable Object needs of its storage. In the simulator, a plain SQLite stands behind it. */
export type Sql = Pick<SqlStorage, 'exec' | 'databaseSize'>;

/**
 * The count of a `limit` as text. SQLite looks at the value of one that is a parameter, and compiles the statement anew
 * whenever another is bound, also an equal one. @param count a whole number; below 0: no limit.
 */
export function limitText(count: number): string {
  if (!Number.isSafeInteger(count)) throw new Error(`${count} is no limit`);
  return String(count);
}

/** A position that no stream reaches: the end of an open interval. */
export const OPEN = Number.MAX_SAFE_INTEGER;
