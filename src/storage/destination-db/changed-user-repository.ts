import type { ChangedUser, ChangedUserStore } from '../../federation/device-lists/ports.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { Sql } from '../sql.ts';

type Storage = Pick<DurableObjectStorage, 'transactionSync'> & { readonly sql: Sql };
type Row = { userId: string; seq: number; rooms: string | null; attempt: number };

/** The table `changed_users`. */
export class ChangedUserRepository implements ChangedUserStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  note(userId: UserId | undefined, at: number): void {
    this.#storage.sql.exec(
      `insert into changed_users (user_id, seq, at, attempt)
         values (?, (select coalesce(max(seq), 0) + 1 from changed_users), ?, 0)
       on conflict (user_id) do update set seq = excluded.seq, rooms = null, at = excluded.at, attempt = 0`,
      userId ?? '',
      at,
    );
  }

  count(): number {
    return this.#storage.sql.exec<{ n: number }>(`select count(*) as n from changed_users where user_id != ''`).one().n;
  }

  forgetSingleUsers(): void {
    this.#storage.sql.exec(`delete from changed_users where user_id != ''`);
  }

  due(now: number, limit: number): readonly ChangedUser[] {
    return this.#storage.sql
      .exec<Row>(
        `select user_id as userId, seq, rooms, attempt from changed_users where at <= ? order by at, seq limit ?`,
        now,
        limit,
      )
      .toArray()
      .map(({ userId, rooms, ...row }) => ({
        ...row,
        userId: userId === '' ? undefined : (userId as UserId),
        roomIds: rooms === null ? undefined : (JSON.parse(rooms) as readonly RoomId[]),
      }));
  }

  remove({ userId, seq }: ChangedUser): void {
    this.#storage.sql.exec('delete from changed_users where user_id = ? and seq = ?', userId ?? '', seq);
  }

  defer({ userId, seq, attempt }: ChangedUser, roomIds: readonly RoomId[] | undefined, at: number): void {
    this.#storage.sql.exec(
      'update changed_users set rooms = ?, at = ?, attempt = ? where user_id = ? and seq = ?',
      roomIds === undefined ? null : JSON.stringify(roomIds),
      at,
      attempt + 1,
      userId ?? '',
      seq,
    );
  }

  nextAt(): number | undefined {
    const { at } = this.#storage.sql.exec<{ at: number | null }>('select min(at) as at from changed_users').one();
    return at ?? undefined;
  }
}
