import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { ParkedRow, ParkedStore, ParkReason } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

interface Row extends Record<string, SqlStorageValue> {
  event_id: string;
  origin: string;
  json: string;
  reason: string;
  detail: string | null;
  attempts: number;
  parked_ts: number;
  retry_at: number | null;
  pulled: number;
}

const reasons: readonly ParkReason[] = ['missing', 'unverified', 'internal', 'crashed'];

const COLUMNS = 'p.event_id, p.origin, p.json, p.reason, p.detail, p.attempts, p.parked_ts, p.retry_at, p.pulled';

/** Not for another parked event: that one is tried, and this one decided with it. */
const WAITS_FOR_NONE = `not exists (
  select 1 from parked_missing m join parked q on q.event_id = m.missing_id
  where m.event_id = p.event_id and q.retry_at is not null)`;

/** The tables `parked` and `parked_missing`. Nearly every room has nothing in them, and every event asks. */
export class ParkedRepository implements ParkedStore {
  readonly #sql: Sql;
  #isEmpty: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#isEmpty = undefined;
  }

  get(eventId: EventId): ParkedRow | undefined {
    if (this.#hasNone()) return undefined;
    return this.#rows(`select ${COLUMNS} from parked p where p.event_id = ?`, eventId)[0];
  }

  put(row: ParkedRow): void {
    this.#isEmpty = false;
    this.#sql.exec(
      `insert or replace into parked (event_id, origin, json, reason, detail, attempts, parked_ts, retry_at, pulled)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.eventId,
      row.origin,
      row.json,
      row.reason,
      row.detail ?? null,
      row.attempts,
      row.parkedTs,
      row.retryAt ?? null,
      row.isPulled ? 1 : 0,
    );
    this.#sql.exec('delete from parked_missing where event_id = ?', row.eventId);
    this.#sql.exec(
      'insert or ignore into parked_missing (missing_id, event_id) select value, ? from json_each(?)',
      row.eventId,
      JSON.stringify(row.missing),
    );
  }

  remove(eventId: EventId): void {
    if (this.#hasNone()) return;
    this.#isEmpty = undefined;
    this.#sql.exec('delete from parked where event_id = ?', eventId);
    this.#sql.exec('delete from parked_missing where event_id = ?', eventId);
  }

  waitingFor(eventId: EventId): readonly ParkedRow[] {
    if (this.#hasNone()) return [];
    return this.#rows(
      `select ${COLUMNS} from parked p join parked_missing m on m.event_id = p.event_id where m.missing_id = ?`,
      eventId,
    );
  }

  due(now: number, limit: number): readonly ParkedRow[] {
    if (this.#hasNone()) return [];
    return this.#rows(
      `select ${COLUMNS} from parked p where p.retry_at <= ? and ${WAITS_FOR_NONE}
       order by p.retry_at, p.rowid limit ?`,
      now,
      limit,
    );
  }

  nextRetry(): number | undefined {
    if (this.#hasNone()) return undefined;
    const query = `select min(p.retry_at) as at from parked p where p.retry_at is not null and ${WAITS_FOR_NONE}`;
    return this.#sql.exec<{ at: number | null }>(query).one().at ?? undefined;
  }

  putOff(now: number | undefined, until: number | undefined): void {
    if (this.#hasNone()) return;
    this.#sql.exec('update parked set retry_at = ? where retry_at <= ?', until ?? null, now ?? Number.MAX_SAFE_INTEGER);
  }

  renew(now: number): number {
    if (this.#hasNone()) return 0;
    this.#sql.exec(
      `update parked set attempts = 0, parked_ts = ?, retry_at = ?,
         reason = case reason when 'crashed' then 'internal' else reason end`,
      now,
      now,
    );
    return this.#sql.exec<{ n: number }>('select count(*) as n from parked').one().n;
  }

  list(offset: number, limit: number): readonly ParkedRow[] {
    return this.#rows(
      `select ${COLUMNS} from parked p order by p.parked_ts, p.event_id limit ? offset ?`,
      limit,
      offset,
    );
  }

  trim(origin: ServerName, rows: number, bytes: number): void {
    const surplus = this.#sql
      .exec<{ id: string }>(
        `select event_id as id from (
           select event_id, row_number() over newest as n, sum(length(json)) over newest as bytes
           from parked where origin = ? window newest as (order by parked_ts desc, rowid desc))
         where n > ? or bytes > ?`,
        origin,
        rows,
        bytes,
      )
      .toArray();
    for (const { id } of surplus) this.remove(id as EventId);
  }

  #hasNone(): boolean {
    this.#isEmpty ??= this.#sql.exec('select 1 from parked limit 1').toArray().length === 0;
    return this.#isEmpty;
  }

  #rows(query: string, ...bindings: SqlStorageValue[]): readonly ParkedRow[] {
    return this.#sql
      .exec<Row>(query, ...bindings)
      .toArray()
      .map((row) => ({
        eventId: row.event_id as EventId,
        origin: row.origin as ServerName,
        json: row.json,
        // What an older version wrote is checked from the start.
        reason: reasons.find((reason) => reason === row.reason) ?? 'unverified',
        detail: row.detail ?? undefined,
        missing: this.#missingOf(row.event_id),
        attempts: row.attempts,
        parkedTs: row.parked_ts,
        retryAt: row.retry_at ?? undefined,
        isPulled: row.pulled === 1,
      }));
  }

  #missingOf(eventId: string): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>('select missing_id as id from parked_missing where event_id = ?', eventId)
      .toArray()
      .map(({ id }) => id as EventId);
  }
}
