import type {
  Backlog,
  Health,
  OutgoingTransaction,
  QueueStore,
  ShardCursor,
  WaitingMessage,
  WaitingRoom,
} from '../../appservice/sending/ports.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import type { Sql } from '../sql.ts';

type Storage = Pick<DurableObjectStorage, 'transactionSync'> & { readonly sql: Sql };

interface RoomRow extends Record<string, SqlStorageValue> {
  room_id: string;
  epoch: string;
  pos: number | null;
  target: number;
  attempts: number;
}

const WELL: Health = { attempts: 0, until: 0 };
const COLUMNS = 'room_id, epoch, pos, target, attempts';

/** The tables of an `AppService` object but its duties and news of devices. */
export class QueueRepository implements QueueStore {
  readonly #storage: Storage;
  readonly #onRollback: () => void;

  /** @param onRollback called after a transaction was undone. */
  constructor(storage: Storage, onRollback: () => void) {
    this.#storage = storage;
    this.#onRollback = onRollback;
  }

  transaction(work: () => void): void {
    try {
      this.#storage.transactionSync(work);
    } catch (error) {
      this.#onRollback();
      throw error;
    }
  }

  since(): number {
    return Number(this.#get('since_ts') ?? this.#get('registered_ts') ?? 0);
  }

  beginAnew(since: number): void {
    this.#set('since_ts', String(Math.max(since, this.#registeredTs())));
    this.#storage.sql.exec('delete from rooms');
    this.#storage.sql.exec('update shard_cursors set seq = 0');
  }

  shards(): readonly ShardCursor[] {
    return this.#storage.sql
      .exec<{ shard: string; seq: number; head: number; messages: number; goesOn: number; devices: number | null }>(
        `select shard, seq, head, message_number as messages, goes_on as goesOn, device_seq as devices
         from shard_cursors order by shard`,
      )
      .toArray()
      .map(({ goesOn, devices, ...cursor }) => ({ ...cursor, goesOn: goesOn === 1, devices: devices ?? undefined }));
  }

  putShard({ shard, seq, head, messages, goesOn, devices }: ShardCursor): void {
    this.#storage.sql.exec(
      `insert into shard_cursors (shard, seq, head, message_number, goes_on, device_seq)
         values (?1, ?2, ?3, coalesce(?4, 0), coalesce(?5, 0), ?6)
       on conflict (shard) do update set
         seq = excluded.seq, head = excluded.head, message_number = coalesce(?4, message_number),
         goes_on = coalesce(?5, goes_on), device_seq = coalesce(?6, device_seq)`,
      shard,
      seq,
      Math.max(seq, head),
      messages ?? null,
      goesOn === undefined ? null : Number(goesOn),
      devices ?? null,
    );
  }

  room(roomId: RoomId): WaitingRoom | undefined {
    return this.#rooms(`select ${COLUMNS} from rooms where room_id = ?`, roomId)[0];
  }

  wait(roomId: RoomId, epoch: string, target: number, now: number): void {
    const held = this.room(roomId);
    if (held !== undefined && held.epoch === epoch) {
      if (held.pos !== undefined && target <= held.pos) return;
      this.#storage.sql.exec(
        `update rooms set target = max(target, ?), waiting_ts = coalesce(waiting_ts, ?), turn = coalesce(turn, ?)
         where room_id = ?`,
        target,
        now,
        this.#lastTurn() + 1,
        roomId,
      );
      return;
    }
    // Of another epoch, nothing that is known of the room holds any more: it begins anew at the head.
    const isNew = held === undefined;
    this.#storage.sql.exec(
      `insert or replace into rooms (room_id, epoch, pos, target, waiting_ts, turn, attempts, retry_at)
       values (?, ?, ?, ?, ?, ?, 0, 0)`,
      roomId,
      epoch,
      isNew ? null : target,
      target,
      isNew ? now : null,
      isNew ? this.#lastTurn() + 1 : null,
    );
  }

  isOfInterest(roomIds: readonly RoomId[]): boolean {
    const rows = this.#storage.sql.exec(
      'select 1 from rooms where is_of_interest = 1 and room_id in (select value from json_each(?)) limit 1',
      JSON.stringify(roomIds),
    );
    return rows.toArray().length > 0;
  }

  advance(roomId: RoomId, epoch: string, pos: number, end: number | undefined, isOfInterest?: boolean): void {
    this.#storage.sql.exec('update rooms set target = ? where room_id = ? and target <= ?', pos, roomId, end ?? -1);
    this.#storage.sql.exec(
      `update rooms set epoch = ?, pos = ?, attempts = 0, retry_at = 0, is_of_interest = coalesce(?, is_of_interest),
         waiting_ts = case when target > ? then waiting_ts end, turn = case when target > ? then ? end
       where room_id = ?`,
      epoch,
      pos,
      isOfInterest === undefined ? null : Number(isOfInterest),
      pos,
      pos,
      this.#lastTurn() + 1,
      roomId,
    );
  }

  postpone(roomId: RoomId, attempts: number, retryAt: number): void {
    this.#storage.sql.exec('update rooms set attempts = ?, retry_at = ? where room_id = ?', attempts, retryAt, roomId);
  }

  roomsDue(now: number, limit: number): readonly WaitingRoom[] {
    return this.#rooms(
      `select ${COLUMNS} from rooms where turn is not null and retry_at <= ? order by turn limit ?`,
      now,
      limit,
    );
  }

  nextRoom(): number | undefined {
    const { at } = this.#storage.sql
      .exec<{ at: number | null }>('select min(retry_at) as at from rooms where turn is not null')
      .one();
    return at ?? undefined;
  }

  outgoing(): OutgoingTransaction | undefined {
    const [row] = this.#storage.sql
      .exec<{ id: string; body: string; events: number; made: number }>(
        'select txn_id as id, body, events, made_ts as made from transactions',
      )
      .toArray();
    return row === undefined ? undefined : { txnId: row.id, body: row.body, events: row.events, madeTs: row.made };
  }

  keep(body: string, events: number, now: number): void {
    const number = Number(this.#get('transactions') ?? 0) + 1;
    this.#set('transactions', String(number));
    // Of a registration that was removed and made again, the application service may remember IDs.
    const txnId = `${this.#registeredTs().toString(36)}_${number}`;
    this.#storage.sql.exec(
      'insert into transactions (txn_id, body, events, made_ts) values (?, ?, ?, ?)',
      txnId,
      body,
      events,
      now,
    );
  }

  taken(): void {
    this.#storage.sql.exec('delete from transactions');
  }

  addMessages(texts: readonly string[]): void {
    for (const json of texts) this.#storage.sql.exec('insert into messages (json) values (?)', json);
  }

  messages(limit: number): readonly WaitingMessage[] {
    return this.#storage.sql
      .exec<{ number: number; json: string }>('select number, json from messages order by number limit ?', limit)
      .toArray();
  }

  countMessages(): number {
    return this.#storage.sql.exec<{ count: number }>('select count(*) as count from messages').one().count;
  }

  removeMessages(upTo: number): void {
    this.#storage.sql.exec('delete from messages where number <= ?', upTo);
  }

  health(): Health {
    const text = this.#get('health');
    return text === undefined ? WELL : (JSON.parse(text) as Health);
  }

  setHealth(health: Health): void {
    this.#set('health', JSON.stringify(health));
  }

  backlog(): Backlog {
    const { rooms, positions, oldest } = this.#storage.sql
      .exec<{ rooms: number; positions: number | null; oldest: number | null }>(
        `select count(*) as rooms, sum(case when pos is null then 1 else target - pos end) as positions,
           min(waiting_ts) as oldest from rooms where turn is not null`,
      )
      .one();
    const outgoing = this.outgoing();
    const since = [outgoing?.madeTs, oldest ?? undefined].filter((ts) => ts !== undefined);
    return {
      ...this.health(),
      transaction:
        outgoing === undefined
          ? undefined
          : { txnId: outgoing.txnId, events: outgoing.events, madeTs: outgoing.madeTs },
      waitingRooms: rooms,
      waitingPositions: positions ?? 0,
      waitingMessages: this.countMessages(),
      oldestTs: since.length === 0 ? undefined : Math.min(...since),
    };
  }

  #rooms(query: string, ...bindings: (string | number)[]): readonly WaitingRoom[] {
    return this.#storage.sql
      .exec<RoomRow>(query, ...bindings)
      .toArray()
      .map(({ room_id: id, epoch, pos, target, attempts }) => ({
        roomId: id as RoomId,
        epoch,
        pos: pos ?? undefined,
        target,
        attempts,
      }));
  }

  #registeredTs(): number {
    return Number(this.#get('registered_ts') ?? 0);
  }

  #lastTurn(): number {
    return this.#storage.sql.exec<{ turn: number | null }>('select max(turn) as turn from rooms').one().turn ?? 0;
  }

  #get(key: string): string | undefined {
    return this.#storage.sql.exec<{ value: string }>('select value from meta where key = ?', key).toArray()[0]?.value;
  }

  #set(key: string, value: string): void {
    this.#storage.sql.exec('insert or replace into meta (key, value) values (?, ?)', key, value);
  }
}
