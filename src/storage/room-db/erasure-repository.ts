import type { UserId } from '../../matrix/ids/brands.ts';
import type { ErasureStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** The table `erasures`, small and asked for with every event that is shown: all of it is kept at hand. */
export class ErasureRepository implements ErasureStore {
  readonly #sql: Sql;
  #held: Map<string, number> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#held = undefined;
  }

  at(userId: UserId): number | undefined {
    this.#held ??= new Map(
      this.#sql
        .exec<{ user_id: string; pos: number }>('select user_id, pos from erasures')
        .toArray()
        .map(({ user_id: user, pos }) => [user, pos]),
    );
    return this.#held.get(userId);
  }

  put(userId: UserId, pos: number): void {
    this.#sql.exec('insert or ignore into erasures (user_id, pos) values (?, ?)', userId, pos);
    this.forget();
  }
}
