import type { PreparedRoom, PreparedStore } from '../../room/read/prepared-room.ts';
import { LRU } from '../lru.ts';
import { cacheBudget } from '../memory-budget.ts';
import type { CountedSql } from './counted-sql.ts';

/** What is larger is prepared again each time: one such room would take the place of many. */
const MAX_BYTES = 256 * 1024;

interface Held {
  readonly key: string;
  readonly writes: number;
  readonly room: PreparedRoom;
}

/** In no table: it holds as long as nothing is written. */
export class PreparedRepository implements PreparedStore {
  readonly #sql: CountedSql;
  readonly #held = new LRU<'room', Held>(1, cacheBudget);

  constructor(sql: CountedSql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#held.clear();
  }

  get(key: string): PreparedRoom | undefined {
    const held = this.#held.get('room');
    return held?.key === key && held.writes === this.#sql.writes ? held.room : undefined;
  }

  put(key: string, room: PreparedRoom, bytes: number): void {
    this.#held.clear();
    if (bytes <= MAX_BYTES) this.#held.set('room', { key, writes: this.#sql.writes, room }, bytes);
  }
}
