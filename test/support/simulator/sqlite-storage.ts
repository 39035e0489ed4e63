import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** What SQLite in a Durable Object takes as one value. Source: Cloudflare Docs, Durable Objects, "Limits". */
const MAX_BYTES = 2_000_000;

interface Prepared {
  readonly statement: StatementSync;
  readonly isRead: boolean;
}

/**
 * The storage of a Durable Object over a plain SQLite, for tests that run rooms in Node: the part of
 * `DurableObjectStorage` that repositories, transactions and schedules use.
 */
export class SqliteStorage {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  #depth = 0;
  alarmAt: number | null = null;
  readonly sql: {
    exec<Row extends Record<string, unknown>>(query: string, ...bindings: unknown[]): SqliteCursor<Row>;
    readonly databaseSize: number;
  };

  constructor(database: DatabaseSync = new DatabaseSync(':memory:')) {
    this.#database = database;
    const sizeBytes = () => {
      const [row] = database
        .prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size')
        .all();
      return Number(row?.['bytes']);
    };
    this.sql = {
      exec: (query, ...bindings) => this.#exec(query, bindings),
      get databaseSize() {
        return sizeBytes();
      },
    };
  }

  transactionSync<T>(work: () => T): T {
    const name = `t${this.#depth}`;
    this.#database.exec(`savepoint ${name}`);
    this.#depth += 1;
    try {
      const value = work();
      this.#database.exec(`release ${name}`);
      return value;
    } catch (error) {
      this.#database.exec(`rollback to ${name}; release ${name}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Gives its memory back at once. */
  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  getAlarm(): Promise<number | null> {
    return Promise.resolve(this.alarmAt);
  }

  setAlarm(at: number): Promise<void> {
    this.alarmAt = at;
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  #exec<Row extends Record<string, unknown>>(query: string, bindings: readonly unknown[]): SqliteCursor<Row> {
    if (bindings.length === 0 && query.includes(';')) {
      this.#database.exec(query);
      return new SqliteCursor<Row>([], 0);
    }
    if (bindings.some((value) => typeof value === 'string' && Buffer.byteLength(value) > MAX_BYTES)) {
      throw new Error('string or blob too big: SQLITE_TOOBIG');
    }
    const { statement, isRead } = this.#prepare(query);
    const values = bindings as SQLInputValue[];
    if (isRead) {
      return new SqliteCursor<Row>(statement.all(...values) as Row[], 0);
    }
    return new SqliteCursor<Row>([], Number(statement.run(...values).changes));
  }

  #prepare(query: string): Prepared {
    let prepared = this.#prepared.get(query);
    if (prepared === undefined) {
      const isRead = /^\s*(select|with)\b/i.test(query) || /\breturning\b/i.test(query);
      prepared = { statement: this.#database.prepare(query), isRead };
      this.#prepared.set(query, prepared);
    }
    return prepared;
  }
}

class SqliteCursor<Row> implements Iterable<Row> {
  readonly #rows: readonly Row[];
  readonly rowsWritten: number;

  constructor(rows: readonly Row[], rowsWritten: number) {
    this.#rows = rows;
    this.rowsWritten = rowsWritten;
  }

  toArray(): Row[] {
    return [...this.#rows];
  }

  one(): Row {
    const [row] = this.#rows;
    if (row === undefined || this.#rows.length > 1) throw new Error(`expected one row, got ${this.#rows.length}`);
    return row;
  }

  *raw(): Generator<unknown[]> {
    for (const row of this.#rows) yield Object.values(row as object);
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.#rows[Symbol.iterator]();
  }
}
