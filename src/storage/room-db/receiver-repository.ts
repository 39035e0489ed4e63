import type { ReceiverRow, ReceiverStore } from '../../room/dispatch/receiver-store.ts';
import type { Sql } from '../sql.ts';

/** The table `receivers`: only those that are behind, so it is small and kept at hand. */
export class ReceiverRepository implements ReceiverStore {
  readonly #sql: Sql;
  #rows: Map<string, ReceiverRow> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#rows = undefined;
  }

  all(): readonly ReceiverRow[] {
    return [...this.#read().values()];
  }

  get(receiver: string): ReceiverRow | undefined {
    return this.#read().get(receiver);
  }

  put(row: ReceiverRow): void {
    const { receiver, fromPos, detachedAt } = row;
    const held = this.get(receiver);
    if (held?.fromPos === fromPos && held.detachedAt === detachedAt) return;
    this.#sql.exec(
      `insert into receivers (receiver, from_pos, detached) values (?, ?, ?)
       on conflict (receiver) do update set from_pos = excluded.from_pos, detached = excluded.detached`,
      receiver,
      fromPos,
      detachedAt,
    );
    this.#read().set(receiver, row);
  }

  remove(receiver: string): void {
    if (!this.#read().has(receiver)) return;
    this.#sql.exec('delete from receivers where receiver = ?', receiver);
    this.#read().delete(receiver);
  }

  #read(): Map<string, ReceiverRow> {
    this.#rows ??= new Map(
      this.#sql
        .exec<{ receiver: string; from_pos: number; detached: number }>(
          'select receiver, from_pos, detached from receivers',
        )
        .toArray()
        .map((row) => [row.receiver, { receiver: row.receiver, fromPos: row.from_pos, detachedAt: row.detached }]),
    );
    return this.#rows;
  }
}
