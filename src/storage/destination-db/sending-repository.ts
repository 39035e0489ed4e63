import type {
  Reachability,
  RefusedPdu,
  RoomCursor,
  SendingStore,
  StoredTransaction,
} from '../../federation/sending/ports.ts';
import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import type { Sql } from '../sql.ts';
import { KeptEduRepository } from './kept-edu-repository.ts';

const UP: Reachability = { attempt: 0, until: 0, kind: 'up', reason: '' };
/** The newest that an administrator is shown. */
const MAX_PARKED = 1_000;
/** A busy server takes transactions all the time. */
const STORED_EVERY_MS = 60_000;

type Storage = Pick<DurableObjectStorage, 'transactionSync'> & { readonly sql: Sql };
type CursorRow = { roomId: RoomId; epoch: string; fromPos: number };

const CURSORS = 'select room_id as roomId, epoch, from_pos as fromPos from room_cursors';
const toCursor = ({ roomId, epoch, fromPos }: CursorRow): RoomCursor => ({ roomId, epoch, from: fromPos });

/** The tables `room_cursors` and `parked_pdus`, and what sending keeps in `meta`. Its values are read once and kept. */
export class SendingRepository implements SendingStore {
  readonly keptEdus: KeptEduRepository;
  readonly #storage: Storage;
  readonly #onRollback: () => void;
  #reachability: Reachability | undefined;
  #lastSuccess: { readonly at: number | undefined; readonly stored: number } | undefined;
  #unconfirmed: { readonly value: StoredTransaction | undefined } | undefined;

  /** @param onRollback called after a transaction was undone: what its work told others may be wrong. */
  constructor(storage: Storage, onRollback: () => void) {
    this.#storage = storage;
    this.keptEdus = new KeptEduRepository(storage.sql);
    this.#onRollback = onRollback;
  }

  transaction(work: () => void): void {
    try {
      this.#storage.transactionSync(work);
    } catch (error) {
      this.#reachability = undefined;
      this.#lastSuccess = undefined;
      this.#unconfirmed = undefined;
      this.keptEdus.forget();
      this.#onRollback();
      throw error;
    }
  }

  cursors(): readonly RoomCursor[] {
    return this.#storage.sql.exec<CursorRow>(`${CURSORS} order by rowid limit 1000`).toArray().map(toCursor);
  }

  cursor(roomId: RoomId): RoomCursor | undefined {
    return this.#storage.sql.exec<CursorRow>(`${CURSORS} where room_id = ?`, roomId).toArray().map(toCursor)[0];
  }

  putCursor({ roomId, epoch, from }: RoomCursor): void {
    this.#storage.sql.exec(
      `insert into room_cursors (room_id, epoch, from_pos) values (?, ?, ?)
       on conflict (room_id) do update set epoch = excluded.epoch, from_pos = excluded.from_pos`,
      roomId,
      epoch,
      from,
    );
  }

  removeCursor(roomId: RoomId): void {
    this.#storage.sql.exec('delete from room_cursors where room_id = ?', roomId);
  }

  park({ roomId, eventId, reason, at }: Parameters<SendingStore['park']>[0]): void {
    const { sql } = this.#storage;
    sql.exec(
      'insert or replace into parked_pdus (room_id, event_id, reason, at) values (?, ?, ?, ?)',
      roomId,
      eventId,
      reason,
      at,
    );
    sql.exec(
      'delete from parked_pdus where rowid in (select rowid from parked_pdus order by at desc limit -1 offset ?)',
      MAX_PARKED,
    );
  }

  refusedCount(): number {
    return this.#storage.sql.exec<{ n: number }>('select count(*) as n from parked_pdus').one().n;
  }

  refused(limit: number): readonly RefusedPdu[] {
    return this.#storage.sql
      .exec<{ roomId: RoomId; eventId: EventId; reason: string; at: number }>(
        'select room_id as roomId, event_id as eventId, reason, at from parked_pdus order by at desc, rowid desc limit ?',
        limit,
      )
      .toArray();
  }

  reachability(): Reachability {
    this.#reachability ??= (this.#get('reachability') as Reachability | undefined) ?? UP;
    return this.#reachability;
  }

  setReachability(reachability: Reachability): void {
    this.#set('reachability', reachability);
    this.#reachability = reachability;
  }

  lastSuccess(): number | undefined {
    return this.#successes().at;
  }

  noteSuccess(at: number): void {
    const { stored } = this.#successes();
    const isStored = at - stored >= STORED_EVERY_MS;
    if (isStored) this.#set('last_success', at);
    this.#lastSuccess = { at, stored: isStored ? at : stored };
  }

  #successes() {
    if (this.#lastSuccess === undefined) {
      const at = this.#get('last_success') as number | undefined;
      this.#lastSuccess = { at, stored: at ?? -Infinity };
    }
    return this.#lastSuccess;
  }

  unconfirmed(): StoredTransaction | undefined {
    this.#unconfirmed ??= { value: this.#get('unconfirmed') as StoredTransaction | undefined };
    return this.#unconfirmed.value;
  }

  setUnconfirmed(transaction: StoredTransaction | undefined): void {
    if (transaction === undefined) this.#storage.sql.exec(`delete from meta where key = 'unconfirmed'`);
    else this.#set('unconfirmed', transaction);
    this.#unconfirmed = { value: transaction };
  }

  #get(key: string): unknown {
    const [row] = this.#storage.sql.exec<{ value: string }>('select value from meta where key = ?', key).toArray();
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  #set(key: string, value: object | number): void {
    this.#storage.sql.exec('insert or replace into meta (key, value) values (?, ?)', key, JSON.stringify(value));
  }
}
