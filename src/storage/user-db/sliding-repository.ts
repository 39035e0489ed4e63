import type { RequiredState } from '../../matrix/event/required-state.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type {
  Connection,
  ConnectionName,
  KnownRoom,
  SentRoom,
  SlidingStore,
} from '../../user/sliding/sliding-store.ts';
import type { Sql } from '../sql.ts';

type Values = Record<string, SqlStorageValue>;

/** What a connection may keep of wishes for state: as many, and so many characters in all. */
const MAX_CONFIGS = 256;
const MAX_CONFIG_TEXT = 256 * 1024;
/** Stands for a wish that is not kept: the state is told again. */
const NOT_KEPT = 0;

interface ConnectionRow extends Values {
  connection: string;
  user_id: string;
  device_id: string;
  conn_id: string;
  base_generation: number;
  base_seq: number;
  base_account_seq: number;
  generation: number;
  seq: number;
  account_seq: number;
}

interface RoomRow extends Values {
  room_id: string;
  pos: number;
  membership: string;
  seen: number;
  config: number;
  is_direct: number;
  receipts_pos: number | null;
  has_account_data: number;
}

/** In the order of {@link ACTIVITY}. */
type ActivityRow = [active: number, bump: number, type: string | null, encrypted: number];

const ACTIVITY = 'a.active_seq, a.bump_seq, a.room_type, a.encrypted';
const CONNECTION =
  'connection, user_id, device_id, conn_id, base_generation, base_seq, base_account_seq, generation, seq, account_seq';
const ROOM = 'room_id, pos, membership, seen, config, is_direct, receipts_pos, has_account_data';

/** The tables `room_activity`, `sliding_connections`, `sliding_rooms` and `sliding_configs`. */
export class SlidingRepository implements SlidingStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  knownRoom(roomId: RoomId): KnownRoom | undefined {
    const [row] = this.#sql
      .exec(`select ${ACTIVITY} from room_activity a where room_id = ?`, roomId)
      .raw<ActivityRow>();
    return row === undefined ? undefined : knownBy(row);
  }

  knownRooms(userId: UserId): ReadonlyMap<RoomId, KnownRoom> {
    // Read as arrays: an object for each row takes workerd three times as long.
    const rows = this.#sql
      .exec(
        `select a.room_id, ${ACTIVITY} from user_rooms r join room_activity a on a.room_id = r.room_id
         where r.user_id = ?`,
        userId,
      )
      .raw<[string, ...ActivityRow]>();
    return new Map(Array.from(rows, ([roomId, ...activity]) => [roomId as RoomId, knownBy(activity)]));
  }

  putKnownRoom(roomId: RoomId, { activeSeq, bumpSeq, roomType, isEncrypted }: KnownRoom): void {
    this.#sql.exec(
      `insert or replace into room_activity (room_id, active_seq, bump_seq, room_type, encrypted)
       values (?, ?, ?, ?, ?)`,
      roomId,
      activeSeq,
      bumpSeq,
      roomType,
      isEncrypted ? 1 : 0,
    );
  }

  forgetRoom(roomId: RoomId): void {
    this.#sql.exec('delete from sliding_rooms where room_id = ?', roomId);
  }

  connection(connection: string): Connection | undefined {
    const [row] = this.#sql
      .exec<ConnectionRow>(`select ${CONNECTION} from sliding_connections where connection = ?`, connection)
      .toArray();
    if (row === undefined) return undefined;
    return {
      connection,
      userId: row.user_id as UserId,
      deviceId: row.device_id,
      connId: row.conn_id,
      base: { generation: row.base_generation, seq: row.base_seq, accountSeq: row.base_account_seq },
      newest: { generation: row.generation, seq: row.seq, accountSeq: row.account_seq },
    };
  }

  makeRoomFor({ userId, deviceId, connId }: ConnectionName, limit: number, unusedSince: number): void {
    const ended = this.#sql.exec<{ connection: string }>(
      `select connection from sliding_connections where user_id = ?1
         and (used_ts < ?5 or (device_id = ?2 and conn_id = ?3) or (device_id = ?2 and connection not in (
           select connection from sliding_connections where user_id = ?1 and device_id = ?2 and conn_id != ?3
           order by used_ts desc limit ?4)))`,
      userId,
      deviceId,
      connId,
      limit,
      unusedSince,
    );
    for (const { connection } of ended.toArray()) this.#remove(connection);
  }

  putConnection({ connection, userId, deviceId, connId, base, newest }: Connection, now: number): void {
    this.#sql.exec(
      `insert or replace into sliding_connections (${CONNECTION}, used_ts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      connection,
      userId,
      deviceId,
      connId,
      base.generation,
      base.seq,
      base.accountSeq,
      newest.generation,
      newest.seq,
      newest.accountSeq,
      now,
    );
  }

  removeConnectionsOf(userId: UserId, deviceId: string): void {
    const ended = this.#sql.exec<{ connection: string }>(
      'select connection from sliding_connections where user_id = ? and device_id = ?',
      userId,
      deviceId,
    );
    for (const { connection } of ended.toArray()) this.#remove(connection);
  }

  #remove(connection: string): void {
    for (const table of ['sliding_rooms', 'sliding_configs', 'sliding_connections']) {
      this.#sql.exec(`delete from ${table} where connection = ?`, connection);
    }
  }

  sentRooms(connection: string, generation: number): ReadonlyMap<RoomId, SentRoom> {
    const configs = new Map(
      this.#configs(connection).map(({ id, json }) => [id, JSON.parse(json) as readonly RequiredState[]]),
    );
    const rows = this.#sql.exec<RoomRow>(
      `select ${ROOM} from sliding_rooms where connection = ? and generation <= ? order by generation`,
      connection,
      generation,
    );
    return new Map(
      rows.toArray().map((row) => [
        row.room_id as RoomId,
        {
          pos: row.pos,
          membership: row.membership,
          seen: row.seen,
          required: configs.get(row.config) ?? [],
          isDirect: row.is_direct === 1,
          receiptsPos: row.receipts_pos ?? undefined,
          hasAccountData: row.has_account_data === 1,
        },
      ]),
    );
  }

  putSentRooms(
    connection: string,
    generation: number,
    rooms: readonly { readonly roomId: RoomId; readonly room: SentRoom }[],
  ): void {
    if (rooms.length === 0) return;
    const configs = new Map(this.#configs(connection).map(({ id, json }) => [json, id]));
    for (const { roomId, room } of rooms) {
      const config = this.#configId(connection, configs, room.required);
      this.#putSentRoom({ connection, generation, roomId, room, config });
    }
  }

  #putSentRoom({
    connection,
    generation,
    roomId,
    room,
    config,
  }: {
    readonly connection: string;
    readonly generation: number;
    readonly roomId: RoomId;
    readonly room: SentRoom;
    readonly config: number;
  }): void {
    this.#sql.exec(
      `insert or replace into sliding_rooms (connection, generation, ${ROOM}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      connection,
      generation,
      roomId,
      room.pos,
      room.membership,
      room.seen,
      config,
      room.isDirect ? 1 : 0,
      room.receiptsPos ?? null,
      room.hasAccountData ? 1 : 0,
    );
  }

  dropAfter(connection: string, generation: number): void {
    this.#sql.exec('delete from sliding_rooms where connection = ? and generation > ?', connection, generation);
  }

  dropBefore(connection: string, generation: number): void {
    this.#sql.exec(
      `delete from sliding_rooms where connection = ?1 and generation < ?2 and room_id in
         (select room_id from sliding_rooms where connection = ?1 and generation = ?2)`,
      connection,
      generation,
    );
    this.#sql.exec(
      `delete from sliding_configs where connection = ?1 and id not in
         (select config from sliding_rooms where connection = ?1)`,
      connection,
    );
  }

  #configs(connection: string): readonly { readonly id: number; readonly json: string }[] {
    return this.#sql
      .exec<{ id: number; json: string }>('select id, json from sliding_configs where connection = ?', connection)
      .toArray();
  }

  /** @param configs those of the connection, by their text; a new one is added. */
  #configId(connection: string, configs: Map<string, number>, required: readonly RequiredState[]): number {
    const json = JSON.stringify(required);
    const held = configs.get(json);
    if (held !== undefined) return held;
    const kept = [...configs.keys()].reduce((sum, text) => sum + text.length, 0);
    if (configs.size >= MAX_CONFIGS || kept + json.length > MAX_CONFIG_TEXT) return NOT_KEPT;
    const id = Math.max(NOT_KEPT, ...configs.values()) + 1;
    this.#sql.exec('insert into sliding_configs (connection, id, json) values (?, ?, ?)', connection, id, json);
    configs.set(json, id);
    return id;
  }
}

function knownBy([active, bump, type, encrypted]: ActivityRow): KnownRoom {
  return { activeSeq: active, bumpSeq: bump, roomType: type, isEncrypted: encrypted === 1 };
}
