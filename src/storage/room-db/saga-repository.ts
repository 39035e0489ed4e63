import type { SagaRow, SagaStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** The table `sagas`. */
export class SagaRepository implements SagaStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get(kind: string, key: string): SagaRow | undefined {
    return this.#sql
      .exec<Row>('select kind, key, step, data, at from sagas where kind = ? and key = ?', kind, key)
      .toArray()[0];
  }

  all(kind: string): readonly SagaRow[] {
    return this.#sql.exec<Row>('select kind, key, step, data, at from sagas where kind = ?', kind).toArray();
  }

  put({ kind, key, step, data, at }: SagaRow): void {
    this.#sql.exec(
      'insert or replace into sagas (kind, key, step, data, at) values (?, ?, ?, ?, ?)',
      kind,
      key,
      step,
      data,
      at,
    );
  }

  remove(kind: string, key: string): void {
    this.#sql.exec('delete from sagas where kind = ? and key = ?', kind, key);
  }
}

type Row = SagaRow & Record<string, SqlStorageValue>;
