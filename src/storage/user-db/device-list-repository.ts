import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type {
  DeviceListChange,
  DeviceListStore,
  NewRoom,
  OutgoingChange,
} from '../../user/device-lists/device-list-store.ts';
import { limitText, type Sql } from '../sql.ts';

/** Users whose last change is kept; who is asked for older ones is told of everybody. */
const MAX_CHANGES = 20_000;
/** Changes that may come on top before the oldest go: finding them reads all. */
const PRUNE_EVERY = 500;

/** Of one user. */
const MAX_TRACKERS = 1_000;

type Touched = Omit<DeviceListChange, 'roomIds'>;

/** The tables `device_lists`, `device_list_outbox`, `device_list_changes`, `device_list_joins`, `device_list_trackers` and `member_changes`. */
export class DeviceListRepository implements DeviceListStore {
  readonly #sql: Sql;
  #newest: number | undefined;
  #putsUntilPruned = 0;
  readonly #touched = new Set<Touched>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#newest = undefined;
    this.#putsUntilPruned = 0;
    this.#touched.clear();
  }

  /** What changed of users of the shard, or for one of them, since it was last taken. */
  touched(): ReadonlySet<Touched> {
    return this.#touched;
  }

  takeTouched(): readonly Touched[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  streamId(userId: UserId): number {
    return (
      this.#sql.exec<{ id: number }>('select stream_id as id from device_lists where user_id = ?', userId).toArray()[0]
        ?.id ?? 0
    );
  }

  raise(userId: UserId, by = 1): number {
    return this.#sql
      .exec<{ id: number }>(
        `insert into device_lists (user_id, stream_id) values (?1, ?2)
         on conflict (user_id) do update set stream_id = stream_id + ?2 returning stream_id as id`,
        userId,
        by,
      )
      .one().id;
  }

  putOutgoing(userId: UserId, { deviceId, streamId, seq }: OutgoingChange): void {
    this.#sql.exec(
      'insert or replace into device_list_outbox (user_id, device_id, stream_id, seq) values (?, ?, ?, ?)',
      userId,
      deviceId,
      streamId,
      seq,
    );
  }

  outgoing(userId: UserId): readonly OutgoingChange[] {
    return this.#sql
      .exec<{ device_id: string; stream_id: number; seq: number }>(
        'select device_id, stream_id, seq from device_list_outbox where user_id = ? order by seq',
        userId,
      )
      .toArray()
      .map((row) => ({ deviceId: row.device_id, streamId: row.stream_id, seq: row.seq }));
  }

  announced(userId: UserId): number {
    return (
      this.#sql.exec<{ id: number }>('select announced as id from device_lists where user_id = ?', userId).toArray()[0]
        ?.id ?? 0
    );
  }

  dropOutgoing(userId: UserId, through: number): void {
    this.#sql.exec(
      `update device_lists set announced = max(announced, coalesce((select max(stream_id) from device_list_outbox
         where user_id = ?1 and seq <= ?2 and device_id != ''), 0)) where user_id = ?1`,
      userId,
      through,
    );
    this.#sql.exec('delete from device_list_outbox where user_id = ? and seq <= ?', userId, through);
  }

  noteJoin(userId: UserId, { roomId, at }: NewRoom): void {
    this.#sql.exec(
      'insert or replace into device_list_joins (user_id, room_id, at) values (?, ?, ?)',
      userId,
      roomId,
      at,
    );
  }

  joins(userId: UserId): readonly NewRoom[] {
    return this.#sql
      .exec<{ roomId: string; at: number }>(
        'select room_id as roomId, at from device_list_joins where user_id = ? order by at',
        userId,
      )
      .toArray()
      .map(({ roomId, at }) => ({ roomId: roomId as RoomId, at }));
  }

  nextJoinAt(userId: UserId): number | undefined {
    const { at } = this.#sql
      .exec<{ at: number | null }>('select min(at) as at from device_list_joins where user_id = ?', userId)
      .one();
    return at ?? undefined;
  }

  dropJoins(userId: UserId, joins: readonly NewRoom[]): void {
    for (const { roomId, at } of joins) {
      this.#sql.exec('delete from device_list_joins where user_id = ? and room_id = ? and at = ?', userId, roomId, at);
    }
  }

  track(userId: UserId, server: ServerName, at: number): void {
    this.#sql.exec(
      'insert or replace into device_list_trackers (user_id, server, at) values (?, ?, ?)',
      userId,
      server,
      at,
    );
    this.#sql.exec(
      `delete from device_list_trackers where user_id = ?1 and server in
         (select server from device_list_trackers where user_id = ?1 order by at desc limit -1 offset ?2)`,
      userId,
      MAX_TRACKERS,
    );
  }

  trackers(userId: UserId, since: number): readonly ServerName[] {
    return this.#sql
      .exec<{ server: string }>('select server from device_list_trackers where user_id = ? and at >= ?', userId, since)
      .toArray()
      .map(({ server }) => server as ServerName);
  }

  isTracked(userId: UserId, server: ServerName, since: number): boolean {
    return (
      this.#sql
        .exec('select 1 from device_list_trackers where user_id = ? and server = ? and at >= ?', userId, server, since)
        .toArray().length > 0
    );
  }

  dropTrackers(userId: UserId, servers: readonly ServerName[], before: number): void {
    this.#sql.exec(
      `delete from device_list_trackers
        where user_id = ? and (at < ? or server in (select value from json_each(?)))`,
      userId,
      before,
      JSON.stringify(servers),
    );
  }

  put({ userId, roomIds: told, viewer, isRest = false }: DeviceListChange, seq: number): void {
    const roomIds = isRest ? [...new Set([...this.#toldRooms(userId), ...(told ?? [])])] : told;
    this.#sql.exec(
      'insert or replace into device_list_changes (user_id, viewer, seq, rooms) values (?, ?, ?, ?)',
      userId,
      viewer ?? '',
      seq,
      roomIds === undefined ? null : JSON.stringify(roomIds),
    );
    this.#newest = Math.max(this.newest(), seq);
    if (roomIds === undefined) this.#touched.add({ userId, ...(viewer === undefined ? {} : { viewer }) });
    if (this.#putsUntilPruned === 0) {
      this.#prune();
      this.#putsUntilPruned = PRUNE_EVERY;
    }
    this.#putsUntilPruned -= 1;
  }

  /** The rooms of the last change of another's user, which are told again under the number of the rest. */
  #toldRooms(userId: UserId): readonly RoomId[] {
    const [row] = this.#sql
      .exec<{ rooms: string | null }>(`select rooms from device_list_changes where user_id = ? and viewer = ''`, userId)
      .toArray();
    return JSON.parse(row?.rooms ?? '[]') as readonly RoomId[];
  }

  /** Drops the oldest changes that are too many. */
  #prune(): void {
    const dropped = this.#sql
      .exec<{ seq: number }>(
        `delete from device_list_changes where rowid in
           (select rowid from device_list_changes order by seq desc limit -1 offset ?) returning seq`,
        MAX_CHANGES,
      )
      .toArray();
    const last = Math.max(0, ...dropped.map(({ seq }) => seq));
    if (last > 0) {
      this.#sql.exec(`insert or replace into meta (key, value) values ('device_lists_forgotten', ?)`, String(last));
    }
  }

  changedAfter(seq: number, limit = -1): readonly (DeviceListChange & { readonly seq: number })[] {
    return this.#sql
      .exec<{ user_id: string; viewer: string; rooms: string | null; seq: number }>(
        `select user_id, viewer, rooms, seq from device_list_changes where seq > ? order by seq limit ${limitText(limit)}`,
        seq,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id as UserId,
        seq: row.seq,
        roomIds: row.rooms === null ? undefined : (JSON.parse(row.rooms) as readonly RoomId[]),
        ...(row.viewer === '' ? {} : { viewer: row.viewer as UserId }),
      }));
  }

  noteMembers(roomId: RoomId, seq: number): void {
    this.#sql.exec('insert or replace into member_changes (room_id, seq) values (?, ?)', roomId, seq);
    this.#newest = Math.max(this.newest(), seq);
  }

  membersChangedLast(limit: number): readonly RoomId[] {
    return this.#sql
      .exec<{ room: string }>('select room_id as room from member_changes order by seq desc limit ?', limit)
      .toArray()
      .map(({ room }) => room as RoomId);
  }

  membersChangedAfter(seq: number): ReadonlySet<RoomId> {
    const rows = this.#sql.exec<{ room: string }>('select room_id as room from member_changes where seq > ?', seq);
    return new Set(rows.toArray().map(({ room }) => room as RoomId));
  }

  newest(): number {
    this.#newest ??= this.#sql
      .exec<{ seq: number }>(
        `select max(coalesce((select max(seq) from device_list_changes), 0),
           coalesce((select max(seq) from member_changes), 0)) as seq`,
      )
      .one().seq;
    return this.#newest;
  }

  forgottenThrough(): number {
    const [row] = this.#sql
      .exec<{ value: string }>(`select value from meta where key = 'device_lists_forgotten'`)
      .toArray();
    return Number(row?.value ?? 0);
  }
}
