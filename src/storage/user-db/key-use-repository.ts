import type { UserId } from '../../matrix/ids/brands.ts';
import type { KeyUseStore } from '../../user/keys/key-use-store.ts';
import type { Sql } from '../sql.ts';

/** The table `key_uses`. */
export class KeyUseRepository implements KeyUseStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  note(userId: UserId, seq: number): void {
    this.#sql.exec('insert or replace into key_uses (user_id, seq) values (?, ?)', userId, seq);
  }

  after(seq: number, limit: number): readonly { readonly userId: UserId; readonly seq: number }[] {
    return this.#sql
      .exec<{ user_id: string; seq: number }>(
        'select user_id, seq from key_uses where seq > ? order by seq limit ?',
        seq,
        limit,
      )
      .toArray()
      .map((row) => ({ userId: row.user_id as UserId, seq: row.seq }));
  }
}
