import type { KeptEdu, KeptEduStore, WaitingEdu } from '../../federation/sending/ports.ts';
import type { Sql } from '../sql.ts';

/** For one server. */
const MAX_KEPT = 10_000;
const MAX_KEPT_BYTES = 50_000_000;
/** Of one transaction. */
const MAX_READ_BYTES = 1_000_000;

interface Total extends Record<string, SqlStorageValue> {
  seq: number;
  count: number;
  bytes: number;
}

/** The table `kept_edus`. Whether it is empty is read once and known from then on. */
export class KeptEduRepository implements KeptEduStore {
  readonly #sql: Sql;
  #isEmpty: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** After a rollback. */
  forget(): void {
    this.#isEmpty = undefined;
  }

  has(): boolean {
    this.#isEmpty ??= this.#end('asc') === undefined;
    return !this.#isEmpty;
  }

  keep({ id, json }: KeptEdu): number {
    const last = this.#end('desc') ?? { seq: 0, count: 0, bytes: 0 };
    const [seq, count, bytes] = [last.seq + 1, last.count + 1, last.bytes + Buffer.byteLength(json)];
    const kept = this.#sql.exec(
      'insert or ignore into kept_edus (seq, id, json, count, bytes) values (?, ?, ?, ?, ?) returning seq',
      seq,
      id,
      json,
      count,
      bytes,
    );
    this.#isEmpty = false;
    // It waits already, and none has to go for it: that might be itself.
    if (kept.toArray().length === 0) return 0;
    let dropped = 0;
    for (let first = this.#end('asc'); first !== undefined && first.seq < seq; first = this.#end('asc')) {
      if (first.count > count - MAX_KEPT && first.bytes > bytes - MAX_KEPT_BYTES) break;
      this.remove(first.seq);
      dropped += 1;
    }
    return dropped;
  }

  first(limit: number): readonly WaitingEdu[] {
    return this.has() ? this.between(0, Number.MAX_SAFE_INTEGER, limit) : [];
  }

  between(from: number, to: number, limit: number): readonly WaitingEdu[] {
    const rows = this.#sql.exec<{ seq: number; json: string }>(
      'select seq, json from kept_edus where seq between ? and ? order by seq limit ?',
      from,
      to,
      limit,
    );
    const edus: WaitingEdu[] = [];
    let left = MAX_READ_BYTES;
    for (const row of rows) {
      left -= Buffer.byteLength(row.json);
      if (left < 0 && edus.length > 0) break;
      edus.push(row);
    }
    return edus;
  }

  remove(upTo: number): void {
    this.#sql.exec('delete from kept_edus where seq <= ?', upTo);
    this.#isEmpty = undefined;
  }

  /** The first, or the last. */
  #end(order: 'asc' | 'desc'): Total | undefined {
    return this.#sql.exec<Total>(`select seq, count, bytes from kept_edus order by seq ${order} limit 1`).toArray()[0];
  }
}
