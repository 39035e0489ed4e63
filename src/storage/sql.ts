/** What a repository of a Durable Object needs of its storage. In the simulator, a plain SQLite stands behind it. */
export type Sql = Pick<SqlStorage, 'exec' | 'databaseSize'>;

/** A position that no stream reaches: the end of an open interval. */
export const OPEN = Number.MAX_SAFE_INTEGER;
