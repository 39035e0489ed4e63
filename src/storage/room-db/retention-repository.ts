import { lifetimeOf } from '../../matrix/visibility/lifetime.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { AgingRow, RetentionStore } from '../../room/retention/retention-store.ts';
import type { Sql } from '../sql.ts';

/** What a room's messages age by, from outside of it. */
export interface Ageing {
  /** Milliseconds since the epoch; it stands still in a turn. */
  now(): number;
  /** How old messages of rooms without a rule of their own may get; 0: any. */
  defaultDays(): number;
}

/** Without a default, as in a room that stands alone. */
export const noDefault: Ageing = { now: Date.now, defaultDays: () => 0 };

/** Reads the ages in the table `events`, and keeps the room's own rule at hand: every event is measured by it. */
export class RetentionRepository implements RetentionStore {
  readonly #sql: Sql;
  readonly #ageing: Ageing;
  readonly #readRule: () => JsonObject | undefined;
  #rule: { readonly content: JsonObject | undefined } | undefined;

  /** @param readRule the content of the state event `m.room.retention`. */
  constructor(sql: Sql, ageing: Ageing, readRule: () => JsonObject | undefined) {
    this.#sql = sql;
    this.#ageing = ageing;
    this.#readRule = readRule;
  }

  /** Also where the room has another rule now. */
  forget(): void {
    this.#rule = undefined;
  }

  lifetime(): number | undefined {
    this.#rule ??= { content: this.#readRule() };
    return lifetimeOf(this.#rule.content, this.#ageing.defaultDays());
  }

  horizon(): number | undefined {
    const lifetime = this.lifetime();
    return lifetime === undefined ? undefined : this.#ageing.now() - lifetime;
  }

  rowsFrom(row: number, limit: number): readonly AgingRow[] {
    return this.#sql
      .exec<{ row: number; id: string; received: number; ts: number; open: number }>(
        `select rowid as row, event_id as id, received_ts as received, min(origin_server_ts, received_ts) as ts,
           (state_key is null and type <> 'm.room.redaction' and expired = 0) as open
         from events where rowid >= ? order by rowid limit ?`,
        row,
        limit,
      )
      .toArray()
      .map((found) => ({
        row: found.row,
        eventId: found.id as EventId,
        receivedTs: found.received,
        ts: found.ts,
        isOpen: found.open === 1,
      }));
  }
}
