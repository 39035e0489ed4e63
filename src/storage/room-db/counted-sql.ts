import type { Sql } from '../sql.ts';

/** Statements that write nothing: none of ours writes behind a `with`. */
const READS = /^\s*(?:select|with)\b/;

/** A database that counts the statements that may have written, so that what was read before can be told to be of now. */
export class CountedSql implements Sql {
  readonly #sql: Sql;
  /** Grows with each of them. */
  writes = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  exec<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: SqlStorageValue[]): SqlStorageCursor<T> {
    if (!READS.test(query)) this.writes += 1;
    return this.#sql.exec<T>(query, ...bindings);
  }

  get databaseSize(): number {
    return this.#sql.databaseSize;
  }
}
