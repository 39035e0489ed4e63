import type { KeptEdu, KeptEduStore, WaitingEdu } from '../../federation/sending/ports.ts';
import { behind, firstWithin, removeOldest, type QueueRow } from '../bounded-queue.ts';
import { limitText, type Sql } from '../sql.ts';

/** For one server. */
const MAX_KEPT = { rows: 10_000, bytes: 50_000_000 };
/** Of one transaction. */
const MAX_READ_BYTES = 1_000_000;

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

  count(): number {
    const last = this.#end('desc');
    return last === undefined ? 0 : last.count - (this.#end('asc')?.count ?? 0) + 1;
  }

  keep({ id, json }: KeptEdu): number {
    const last = this.#end('desc');
    const newest = { seq: (last?.seq ?? 0) + 1, ...behind(last, json) };
    const kept = this.#sql.exec(
      'insert or ignore into kept_edus (seq, id, json, count, bytes) values (?, ?, ?, ?, ?) returning seq',
      newest.seq,
      id,
      json,
      newest.count,
      newest.bytes,
    );
    this.#isEmpty = false;
    // It waits already, and none has to go for it: that might be itself.
    if (kept.toArray().length === 0) return 0;
    return removeOldest(newest, MAX_KEPT, {
      first: () => this.#end('asc'),
      remove: (upTo) => this.remove(upTo),
    });
  }

  first(limit: number): readonly WaitingEdu[] {
    return this.has() ? this.between(0, Number.MAX_SAFE_INTEGER, limit) : [];
  }

  between(from: number, to: number, limit: number): readonly WaitingEdu[] {
    const rows = this.#sql.exec<{ seq: number; json: string }>(
      `select seq, json from kept_edus where seq between ? and ? order by seq limit ${limitText(limit)}`,
      from,
      to,
    );
    return firstWithin(rows, MAX_READ_BYTES, ({ json }) => json);
  }

  remove(upTo: number): void {
    this.#sql.exec('delete from kept_edus where seq <= ?', upTo);
    this.#isEmpty = undefined;
  }

  /** The first, or the last. */
  #end(order: 'asc' | 'desc'): QueueRow | undefined {
    return this.#sql
      .exec<QueueRow>(`select seq, count, bytes from kept_edus order by seq ${order} limit 1`)
      .toArray()[0];
  }
}
