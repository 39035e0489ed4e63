import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { Sql } from '../sql.ts';

/** How many rejected events of an origin a room keeps. */
export interface RejectedBounds {
  /** The newest keep all that they said. */
  readonly whole: number;
  /** Past it the oldest are forgotten. */
  readonly kept: number;
}

/** Source: contracts, section 9. */
export const rejectedBounds: RejectedBounds = { whole: 1_000, kept: 10_000 };

/** The table `rejected`. */
export class RejectedRepository {
  readonly #sql: Sql;
  readonly #bounds: RejectedBounds;

  constructor(sql: Sql, bounds: RejectedBounds) {
    this.#sql = sql;
    this.#bounds = bounds;
  }

  /** @returns which event of this origin is to be cut down to its edges now, and which is to be forgotten. */
  add(
    eventId: EventId,
    origin: ServerName,
  ): { readonly cut: EventId | undefined; readonly forget: EventId | undefined } {
    this.#sql.exec('insert or replace into rejected (event_id, origin) values (?, ?)', eventId, origin);
    const forget = this.#newest(origin, this.#bounds.kept);
    if (forget !== undefined) this.remove(forget);
    return { cut: this.#newest(origin, this.#bounds.whole), forget };
  }

  remove(eventId: EventId): void {
    this.#sql.exec('delete from rejected where event_id = ?', eventId);
  }

  /** The one that follows the newest `count`. */
  #newest(origin: ServerName, count: number): EventId | undefined {
    const [row] = this.#sql
      .exec<{ id: string }>(
        'select event_id as id from rejected where origin = ? order by seq desc limit 1 offset ?',
        origin,
        count,
      )
      .toArray();
    return row?.id as EventId | undefined;
  }
}
