import type { UserId } from '../../matrix/ids/brands.ts';
import type { LocalUserStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** The table `local_users`. A user's shard never changes. */
export class LocalUserRepository implements LocalUserStore {
  readonly #sql: Sql;
  readonly #shards = new Map<UserId, string>();
  readonly #forgotten = new Map<UserId, number | undefined>();
  #guests: readonly UserId[] | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#shards.clear();
    this.#forgotten.clear();
    this.#guests = undefined;
  }

  shardOf(userId: UserId): string | undefined {
    const cached = this.#shards.get(userId);
    if (cached !== undefined) return cached;
    const [row] = this.#sql
      .exec<{ shard: string }>('select shard from local_users where user_id = ?', userId)
      .toArray();
    if (row !== undefined) this.#shards.set(userId, row.shard);
    return row?.shard;
  }

  setShard(userId: UserId, shard: string): void {
    if (this.shardOf(userId) === shard) return;
    this.#sql.exec('insert or replace into local_users (user_id, shard) values (?, ?)', userId, shard);
    this.#shards.set(userId, shard);
    this.#forgotten.delete(userId);
  }

  guests(): readonly UserId[] {
    this.#guests ??= this.#sql
      .exec<{ user: string }>('select user_id as user from local_users where guest = 1')
      .toArray()
      .map(({ user }) => user as UserId);
    return this.#guests;
  }

  setGuest(userId: UserId, isGuest: boolean): void {
    if (this.guests().includes(userId) === isGuest) return;
    this.#sql.exec('update local_users set guest = ? where user_id = ?', isGuest ? 1 : 0, userId);
    this.#guests = undefined;
  }

  forgottenAt(userId: UserId): number | undefined {
    if (this.#forgotten.has(userId)) return this.#forgotten.get(userId);
    const [row] = this.#sql
      .exec<{ pos: number | null }>('select forgotten_pos as pos from local_users where user_id = ?', userId)
      .toArray();
    const pos = row?.pos ?? undefined;
    // Of users of other servers there is no row, and may be any number.
    if (row !== undefined) this.#forgotten.set(userId, pos);
    return pos;
  }

  setForgotten(userId: UserId, pos: number): void {
    this.#sql.exec('update local_users set forgotten_pos = ? where user_id = ?', pos, userId);
    this.#forgotten.delete(userId);
  }
}
