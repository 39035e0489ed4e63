import type { DeviceListStore, StoredList } from '../../federation/device-lists/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { Sql } from '../sql.ts';

type Storage = Pick<DurableObjectStorage, 'transactionSync'> & { readonly sql: Sql };
type Row = {
  userId: string;
  streamId: number | null;
  isCurrent: number;
  checkedAt: number;
  usedAt: number;
  resyncAt: number | null;
  attempt: number;
  anchor: string;
  json: string;
};

const SELECT = `select user_id as userId, stream_id as streamId, is_current as isCurrent, checked_at as checkedAt,
  used_at as usedAt, resync_at as resyncAt, attempt, anchor, json from device_lists`;

const toList = ({ userId, streamId, isCurrent, resyncAt, ...row }: Row): StoredList => ({
  ...row,
  userId: userId as UserId,
  streamId: streamId ?? undefined,
  isCurrent: isCurrent === 1,
  resyncAt: resyncAt ?? undefined,
});

/** The table `device_lists` of a destination. */
export class DeviceListRepository implements DeviceListStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  get(userId: UserId): StoredList | undefined {
    return this.#storage.sql.exec<Row>(`${SELECT} where user_id = ?`, userId).toArray().map(toList)[0];
  }

  put(list: StoredList): void {
    this.#storage.sql.exec(
      `insert or replace into device_lists
         (user_id, stream_id, is_current, checked_at, used_at, resync_at, attempt, bytes, anchor, json)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      list.userId,
      list.streamId ?? null,
      list.isCurrent ? 1 : 0,
      list.checkedAt,
      list.usedAt,
      list.resyncAt ?? null,
      list.attempt,
      list.json.length,
      list.anchor,
      list.json,
    );
  }

  remove(userId: UserId): void {
    this.#storage.sql.exec('delete from device_lists where user_id = ?', userId);
  }

  due(now: number, limit: number): readonly StoredList[] {
    return this.#storage.sql
      .exec<Row>(`${SELECT} where resync_at <= ? order by resync_at limit ?`, now, limit)
      .toArray()
      .map(toList);
  }

  nextResyncAt(): number | undefined {
    const { at } = this.#storage.sql.exec<{ at: number | null }>('select min(resync_at) as at from device_lists').one();
    return at ?? undefined;
  }

  evict(max: { readonly rows: number; readonly bytes: number }): void {
    let { rows, bytes } = this.#storage.sql
      .exec<{ rows: number; bytes: number }>(
        'select count(*) as rows, coalesce(sum(bytes), 0) as bytes from device_lists',
      )
      .one();
    if (rows <= max.rows && bytes <= max.bytes) return;
    const oldest = this.#storage.sql
      .exec<{ userId: string; bytes: number }>('select user_id as userId, bytes from device_lists order by used_at')
      .toArray();
    for (const list of oldest) {
      if (rows <= max.rows && bytes <= max.bytes) return;
      this.remove(list.userId as UserId);
      rows -= 1;
      bytes -= list.bytes;
    }
  }
}
