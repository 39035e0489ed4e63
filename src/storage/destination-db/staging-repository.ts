import type { StagedPdu, StagedRow, StagingStore } from '../../federation/staging/ports.ts';
import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import { limitText, type Sql } from '../sql.ts';

type Storage = Pick<DurableObjectStorage, 'transactionSync'> & { readonly sql: Sql };

/** The tables `staged` and `not_taken`. */
export class StagingRepository implements StagingStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  missed(roomId: RoomId): { readonly times: number; readonly since: number } | undefined {
    return this.#storage.sql
      .exec<{ times: number; since: number }>('select times, since from not_taken where room_id = ?', roomId)
      .toArray()[0];
  }

  putMissed(roomId: RoomId, { times, since }: { readonly times: number; readonly since: number }): void {
    this.#storage.sql.exec(
      'insert or replace into not_taken (room_id, times, since) values (?, ?, ?)',
      roomId,
      times,
      since,
    );
  }

  forgetMissedBefore(since: number): void {
    this.#storage.sql.exec('delete from not_taken where since < ?', since);
  }

  add(roomId: RoomId, { eventId, json }: StagedPdu): void {
    this.#storage.sql.exec(
      'insert or ignore into staged (room_id, event_id, json, attempts) values (?, ?, ?, 0)',
      roomId,
      eventId,
      json,
    );
  }

  size(): { readonly rows: number; readonly bytes: number } {
    return this.#storage.sql
      .exec<{ rows: number; bytes: number }>(
        'select count(*) as rows, coalesce(sum(length(json)), 0) as bytes from staged',
      )
      .one();
  }

  rooms(): readonly RoomId[] {
    return this.#storage.sql
      .exec<{ room_id: string }>('select distinct room_id from staged')
      .toArray()
      .map((row) => row.room_id as RoomId);
  }

  next(roomId: RoomId, limit: number): readonly StagedRow[] {
    return this.#storage.sql
      .exec<{ seq: number; event_id: string; json: string; attempts: number }>(
        `select seq, event_id, json, attempts from staged where room_id = ? order by seq limit ${limitText(limit)}`,
        roomId,
      )
      .toArray()
      .map(({ event_id: eventId, ...row }) => ({ ...row, eventId: eventId as EventId }));
  }

  addAttempts(rows: readonly StagedRow[], by: 1 | -1): void {
    this.transaction(() => {
      for (const { seq } of rows) {
        this.#storage.sql.exec('update staged set attempts = attempts + ? where seq = ?', by, seq);
      }
    });
  }

  remove(rows: readonly StagedRow[]): void {
    this.transaction(() => {
      for (const { seq } of rows) this.#storage.sql.exec('delete from staged where seq = ?', seq);
    });
  }
}
