import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { ParkedRow, ParkedStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

interface Row extends Record<string, SqlStorageValue> {
  event_id: string;
  origin: string;
  json: string;
  reason: string;
}

/** The tables `parked` and `parked_missing`. */
export class ParkedRepository implements ParkedStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  has(eventId: EventId): boolean {
    return this.#sql.exec('select 1 from parked where event_id = ?', eventId).toArray().length > 0;
  }

  put({ eventId, origin, json, reason, missing }: ParkedRow, now: number): void {
    this.#sql.exec(
      'insert or replace into parked (event_id, origin, json, reason, attempts, parked_ts) values (?, ?, ?, ?, 0, ?)',
      eventId,
      origin,
      json,
      reason,
      now,
    );
    this.#sql.exec(
      'insert or ignore into parked_missing (missing_id, event_id) select value, ? from json_each(?)',
      eventId,
      JSON.stringify(missing),
    );
  }

  remove(eventId: EventId): void {
    this.#sql.exec('delete from parked where event_id = ?', eventId);
    this.#sql.exec('delete from parked_missing where event_id = ?', eventId);
  }

  waitingFor(eventId: EventId): readonly ParkedRow[] {
    return this.#sql
      .exec<Row>(
        `select p.event_id, p.origin, p.json, p.reason from parked p
         join parked_missing m on m.event_id = p.event_id where m.missing_id = ?`,
        eventId,
      )
      .toArray()
      .map((row) => ({
        eventId: row.event_id as EventId,
        origin: row.origin as ServerName,
        json: row.json,
        reason: row.reason,
        missing: this.#missingOf(row.event_id),
      }));
  }

  trim(keep: number): void {
    const oldest = this.#sql
      .exec<{ id: string }>('select event_id as id from parked order by parked_ts desc limit -1 offset ?', keep)
      .toArray();
    for (const { id } of oldest) this.remove(id as EventId);
  }

  #missingOf(eventId: string): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>('select missing_id as id from parked_missing where event_id = ?', eventId)
      .toArray()
      .map(({ id }) => id as EventId);
  }
}
