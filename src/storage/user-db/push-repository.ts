import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type {
  Push,
  Pusher,
  PusherFields,
  PusherKey,
  PushRoom,
  PushStore,
  WaitingPush,
} from '../../user/pushes/push-store.ts';
import type { Sql } from '../sql.ts';

interface Row extends Record<string, SqlStorageValue> {
  user_id: string;
  app_id: string;
  pushkey: string;
  device_id: string;
  fields: string;
  set_ts: number;
  attempts: number;
}

const COLUMNS = 'p.user_id, p.app_id, p.pushkey, p.device_id, p.fields, p.set_ts, p.attempts';
const ONE = 'user_id = ? and app_id = ? and pushkey = ?';
const SAME = 'q.user_id = p.user_id and q.app_id = p.app_id and q.pushkey = p.pushkey';
const keyOf = ({ userId, appId, pushkey }: PusherKey) => [userId, appId, pushkey] as const;

/** The tables `pushers`, `push_rooms`, `pushes` and `push_counts`. */
export class PushRepository implements PushStore {
  readonly #sql: Sql;
  #users: readonly UserId[] | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#users = undefined;
  }

  pushers(userId: UserId): readonly Pusher[] {
    const rows = this.#sql.exec<Row>(`select ${COLUMNS} from pushers p where user_id = ? order by set_ts`, userId);
    return rows.toArray().map(readRow);
  }

  putPusher(pusher: Pusher): void {
    this.#sql.exec(
      `insert or replace into pushers (user_id, app_id, pushkey, device_id, fields, set_ts, attempts, next_try)
       values (?, ?, ?, ?, ?, ?, 0, 0)`,
      ...keyOf(pusher),
      pusher.deviceId,
      JSON.stringify(pusher.fields),
      pusher.setTs,
    );
    this.#users = undefined;
  }

  removePusher(key: PusherKey): void {
    this.#sql.exec(`delete from pushes where ${ONE}`, ...keyOf(key));
    this.#sql.exec(`delete from pushers where ${ONE}`, ...keyOf(key));
    this.#users = undefined;
    if (this.users().includes(key.userId)) return;
    this.#sql.exec('delete from push_counts where user_id = ?', key.userId);
  }

  removePushersOf(userId: UserId, deviceId: string): void {
    for (const pusher of this.pushers(userId)) if (pusher.deviceId === deviceId) this.removePusher(pusher);
  }

  removeOthers({ userId, appId, pushkey }: PusherKey): void {
    const rows = this.#sql.exec<{ user: string }>(
      'select user_id as user from pushers where app_id = ? and pushkey = ? and user_id <> ?',
      appId,
      pushkey,
      userId,
    );
    for (const { user } of rows.toArray()) this.removePusher({ userId: user as UserId, appId, pushkey });
  }

  users(): readonly UserId[] {
    this.#users ??= this.#sql
      .exec<{ user: string }>('select distinct user_id as user from pushers')
      .toArray()
      .map(({ user }) => user as UserId);
    return this.#users;
  }

  usersIn(roomId: RoomId): readonly UserId[] {
    if (this.users().length === 0) return [];
    return this.#sql
      .exec<{ user: string }>(
        `select user_id as user from user_rooms where room_id = ? and membership in ('join', 'invite')
           and user_id in (select value from json_each(?))`,
        roomId,
        JSON.stringify(this.users()),
      )
      .toArray()
      .map(({ user }) => user as UserId);
  }

  noteRoom(roomId: RoomId, from: number): void {
    this.#sql.exec(
      `insert into push_rooms (room_id, from_pos, attempts, next_try) values (?, ?, 0, 0) on conflict (room_id) do nothing`,
      roomId,
      from,
    );
  }

  roomsDue(now: number, limit: number): readonly PushRoom[] {
    return this.#sql
      .exec<{ room: string; from_pos: number; attempts: number }>(
        `select room_id as room, from_pos, attempts from push_rooms where next_try <= ? order by next_try limit ?`,
        now,
        limit,
      )
      .toArray()
      .map(({ room, from_pos: from, attempts }) => ({ roomId: room as RoomId, from, attempts }));
  }

  roomLookedAt(roomId: RoomId, to: number): void {
    this.#sql.exec(
      `delete from push_rooms where room_id = ?
         and coalesce((select pos from room_cursors c where c.room_id = push_rooms.room_id), 0) <= ?`,
      roomId,
      to,
    );
    this.#sql.exec('update push_rooms set from_pos = ?, attempts = 0, next_try = 0 where room_id = ?', to, roomId);
  }

  postponeRoom(roomId: RoomId, at: number): void {
    this.#sql.exec('update push_rooms set attempts = attempts + 1, next_try = ? where room_id = ?', at, roomId);
  }

  dropRoom(roomId: RoomId): void {
    this.#sql.exec('delete from push_rooms where room_id = ?', roomId);
  }

  setUnread(userId: UserId, roomId: RoomId, unread: number): boolean {
    const [held] = this.#sql
      .exec<{ unread: number }>('select unread from push_counts where user_id = ? and room_id = ?', userId, roomId)
      .toArray();
    if ((held?.unread ?? 0) === unread) return false;
    if (unread === 0) this.#sql.exec('delete from push_counts where user_id = ? and room_id = ?', userId, roomId);
    else {
      this.#sql.exec(
        'insert or replace into push_counts (user_id, room_id, unread) values (?, ?, ?)',
        userId,
        roomId,
        unread,
      );
    }
    return true;
  }

  unread(userId: UserId): number {
    const query = 'select coalesce(sum(unread), 0) as n from push_counts where user_id = ?';
    return this.#sql.exec<{ n: number }>(query, userId).one().n;
  }

  addPush(key: PusherKey, push: Push | undefined, now: number, keep: number): void {
    if (push === undefined && this.#isLastEmpty(key)) return;
    this.#sql.exec(
      'insert into pushes (user_id, app_id, pushkey, ts, push) values (?, ?, ?, ?, ?)',
      ...keyOf(key),
      now,
      push === undefined ? null : JSON.stringify(push),
    );
    this.#sql.exec(
      `delete from pushes where id in (select id from pushes where ${ONE} order by id desc limit -1 offset ?)`,
      ...keyOf(key),
      keep,
    );
  }

  #isLastEmpty(key: PusherKey): boolean {
    const query = `select push is null as empty from pushes where ${ONE} order by id desc limit 1`;
    return this.#sql.exec<{ empty: number }>(query, ...keyOf(key)).toArray()[0]?.empty === 1;
  }

  pushersDue(now: number, limit: number): readonly Pusher[] {
    return this.#sql
      .exec<Row>(
        `select ${COLUMNS} from pushers p where next_try <= ? and exists (select 1 from pushes q where ${SAME})
         order by next_try limit ?`,
        now,
        limit,
      )
      .toArray()
      .map(readRow);
  }

  firstPush(key: PusherKey): WaitingPush | undefined {
    const [row] = this.#sql
      .exec<{ id: number; ts: number; push: string | null }>(
        `select id, ts, push from pushes where ${ONE} order by id limit 1`,
        ...keyOf(key),
      )
      .toArray();
    if (row === undefined) return undefined;
    return { id: row.id, ts: row.ts, push: row.push === null ? undefined : (JSON.parse(row.push) as Push) };
  }

  removePush(id: number): void {
    this.#sql.exec('delete from pushes where id = ?', id);
  }

  setTries(key: PusherKey, attempts: number, nextTry: number): void {
    this.#sql.exec(`update pushers set attempts = ?, next_try = ? where ${ONE}`, attempts, nextTry, ...keyOf(key));
  }

  nextAfter(now: number): number | undefined {
    const row = this.#sql
      .exec<{ at: number | null }>(
        `select min(at) as at from (select min(next_try) as at from push_rooms where next_try > ? union all
           select min(next_try) from pushers p where next_try > ? and exists (select 1 from pushes q where ${SAME}))`,
        now,
        now,
      )
      .one();
    return row.at ?? undefined;
  }
}

function readRow(row: Row): Pusher {
  return {
    userId: row.user_id as UserId,
    appId: row.app_id,
    pushkey: row.pushkey,
    deviceId: row.device_id,
    fields: JSON.parse(row.fields) as PusherFields,
    setTs: row.set_ts,
    attempts: row.attempts,
  };
}
