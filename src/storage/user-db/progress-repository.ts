import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { LogRow, MovedRoom, ProgressStore, UserRoom } from '../../user/progress/store.ts';
import { LRU } from '../lru.ts';
import { cacheBudget } from '../memory-budget.ts';
import { limitText, type Sql } from '../sql.ts';

/** In the order of {@link COLUMNS}. */
type Row = [
  userId: string,
  roomId: string,
  membership: string,
  fromPos: number,
  seq: number,
  wasJoined: number,
  forgotten: number,
  byOther: number,
];

/** Older rows are dropped, so that a token from before them starts anew (contracts, section 1, "User shards"). */
const KEPT_MS = 7 * 86_400_000;

/** Where nothing has happened yet. Not 0, which is what an initial sync begins from. */
const FIRST = '1';

/** Rows of the log that are looked at to find one room. */
const LOOKED_AT_PER_ROOM = 10;

/** Users whose rooms a shard keeps at hand: every sync asks for them. */
const KEPT_USERS = 200;
/** In memory: a room of a user. */
const BYTES_OF_ROOM = 300;

const COLUMNS = 'user_id, room_id, membership, from_pos, seq, was_joined, forgotten, by_other';

/** The tables `progress`, `room_cursors` and `user_rooms`, and the shard's counter. */
export class ProgressRepository implements ProgressStore {
  readonly #sql: Sql;
  readonly #roomsOf = new LRU<UserId, readonly UserRoom[]>(KEPT_USERS, cacheBudget);
  #head: number | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#head = undefined;
    this.#roomsOf.clear();
  }

  head(): number {
    this.#head ??= Number(
      this.#sql.exec<{ value: string }>(`select value from meta where key = 'seq'`).toArray()[0]?.value ?? FIRST,
    );
    return this.#head;
  }

  take(): number {
    const seq = this.head() + 1;
    this.#sql.exec(
      `insert into meta (key, value) values ('seq', ?) on conflict (key) do update set value = excluded.value`,
      String(seq),
    );
    this.#head = seq;
    return seq;
  }

  log(seq: number, limit: number): readonly LogRow[] {
    return this.#sql
      .exec<{ seq: number; room: string; epoch: string; pos: number }>(
        `select p.seq, p.room_id as room, c.epoch, p.pos from progress p join room_cursors c on c.room_id = p.room_id
         where p.seq > ? order by p.seq limit ${limitText(limit)}`,
        seq,
      )
      .toArray()
      .map((row) => ({ seq: row.seq, roomId: row.room as RoomId, epoch: row.epoch, to: row.pos }));
  }

  append(seq: number, roomId: RoomId, pos: number, now: number): void {
    this.#sql.exec('insert into progress (seq, room_id, pos, ts) values (?, ?, ?, ?)', seq, roomId, pos, now);
    this.#prune(roomId, now - KEPT_MS);
  }

  /** Drops the oldest rows of a room, but the newest of those that are too old. Two for one that is added drain any log. */
  #prune(roomId: RoomId, before: number): void {
    const oldest = this.#sql
      .exec<{ seq: number; ts: number }>('select seq, ts from progress where room_id = ? order by seq limit 3', roomId)
      .toArray();
    for (const [at, { seq }] of oldest.entries()) {
      const next = oldest[at + 1];
      if (next !== undefined && next.ts < before) this.#sql.exec('delete from progress where seq = ?', seq);
    }
  }

  cursor(roomId: RoomId): { readonly epoch: string; readonly pos: number } | undefined {
    return this.#sql
      .exec<{ epoch: string; pos: number }>('select epoch, pos from room_cursors where room_id = ?', roomId)
      .toArray()[0];
  }

  cursorsOf(userId: UserId): ReadonlyMap<RoomId, number> {
    const rows = this.#sql.exec<{ room: string; pos: number }>(
      `select c.room_id as room, c.pos from user_rooms r join room_cursors c on c.room_id = r.room_id
       where r.user_id = ?`,
      userId,
    );
    return new Map(rows.toArray().map(({ room, pos }) => [room as RoomId, pos]));
  }

  setCursor(roomId: RoomId, epoch: string, pos: number): void {
    this.#sql.exec(
      `insert into room_cursors (room_id, epoch, pos) values (?, ?, ?)
       on conflict (room_id) do update set epoch = excluded.epoch, pos = excluded.pos`,
      roomId,
      epoch,
      pos,
    );
  }

  forgetLog(roomId: RoomId): void {
    this.#sql.exec('delete from progress where room_id = ?', roomId);
  }

  hasJoined(roomId: RoomId): boolean {
    return (
      this.#sql.exec(`select 1 from user_rooms where room_id = ? and membership = 'join' limit 1`, roomId).toArray()
        .length > 0
    );
  }

  usersIn(roomId: RoomId): readonly UserRoom[] {
    return this.#rooms('room_id = ?', roomId);
  }

  room(userId: UserId, roomId: RoomId): UserRoom | undefined {
    return this.#rooms('user_id = ? and room_id = ?', userId, roomId)[0];
  }

  isJoinedToOne(userId: UserId, roomIds: readonly RoomId[]): boolean {
    const rows = this.#sql.exec(
      `select 1 from user_rooms
       where user_id = ? and room_id in (select value from json_each(?)) and membership = 'join' limit 1`,
      userId,
      JSON.stringify(roomIds),
    );
    return rows.toArray().length > 0;
  }

  sharesRoom(userId: UserId, other: UserId): boolean {
    const rows = this.#sql.exec(
      `select 1 from user_rooms mine join user_rooms theirs on theirs.room_id = mine.room_id
       where mine.user_id = ? and mine.membership = 'join'
         and theirs.user_id = ? and theirs.membership in ('join', 'invite') limit 1`,
      userId,
      other,
    );
    return rows.toArray().length > 0;
  }

  roomsOf(userId: UserId): readonly UserRoom[] {
    const kept = this.#roomsOf.get(userId);
    if (kept !== undefined) return kept;
    const rooms = this.#rooms('user_id = ?', userId);
    this.#roomsOf.set(userId, rooms, rooms.length * BYTES_OF_ROOM);
    return rooms;
  }

  hasMovedSince(userId: UserId, seq: number): boolean {
    const rows = this.#sql.exec('select 1 from user_rooms where user_id = ? and seq > ? limit 1', userId, seq);
    return rows.toArray().length > 0;
  }

  roomsByMove(userId: UserId, limit: number, memberships: readonly string[] = ['join']): readonly MovedRoom[] {
    return this.#sql
      .exec<{ room: string; ts: number }>(
        `select room_id as room, coalesce((select p.ts from progress p where p.room_id = r.room_id
           order by p.seq desc limit 1), 0) as ts
         from user_rooms r where user_id = ? and membership in (select value from json_each(?))
         order by ts desc, room limit ${limitText(limit)}`,
        userId,
        JSON.stringify(memberships),
      )
      .toArray()
      .map(({ room, ts }) => ({ roomId: room as RoomId, movedTs: ts }));
  }

  roomsMovedLast(limit: number): readonly RoomId[] {
    return this.#sql
      .exec<{ room: string }>(
        `select room_id as room
         from (select room_id, seq from progress order by seq desc limit ${limitText(limit * LOOKED_AT_PER_ROOM)})
         group by room_id order by max(seq) desc limit ${limitText(limit)}`,
      )
      .toArray()
      .map(({ room }) => room as RoomId);
  }

  putRoom(room: UserRoom): void {
    this.#roomsOf.delete(room.userId);
    this.#sql.exec(
      `insert or replace into user_rooms (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)`,
      room.userId,
      room.roomId,
      room.membership,
      room.fromPos,
      room.seq,
      room.wasJoined ? 1 : 0,
      room.forgotten ? 1 : 0,
      room.byOther ? 1 : 0,
    );
  }

  movedAfter(seq: number): ReadonlySet<RoomId> {
    const rows = this.#sql.exec<{ room: string }>('select distinct room_id as room from progress where seq > ?', seq);
    return new Set(rows.toArray().map(({ room }) => room as RoomId));
  }

  positionAt(roomId: RoomId, seq: number): number | undefined {
    return this.#sql
      .exec<{ pos: number }>(
        'select pos from progress where room_id = ? and seq <= ? order by seq desc limit 1',
        roomId,
        seq,
      )
      .toArray()[0]?.pos;
  }

  /** Read as arrays: an object for each row takes workerd three times as long. */
  #rooms(where: string, ...values: readonly string[]): readonly UserRoom[] {
    return Array.from(
      this.#sql.exec(`select ${COLUMNS} from user_rooms where ${where}`, ...values).raw<Row>(),
      readRow,
    );
  }
}

function readRow([userId, roomId, membership, fromPos, seq, wasJoined, forgotten, byOther]: Row): UserRoom {
  return {
    userId: userId as UserId,
    roomId: roomId as RoomId,
    membership,
    fromPos,
    seq,
    wasJoined: wasJoined === 1,
    forgotten: forgotten === 1,
    byOther: byOther === 1,
  };
}
