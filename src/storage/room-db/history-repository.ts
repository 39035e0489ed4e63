import type { EventId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, HistoryStore } from '../../room/store.ts';
import type { TimedEvent } from '../../room/timed-event.ts';
import { limitText, type Sql } from '../sql.ts';

/** The root of the thread of `e`: by its own relation, or that of what it relates to, or once more. */
export const THREAD = `case when e.rel_type = 'm.thread' then e.relates_to
  when e1.rel_type = 'm.thread' then e1.relates_to when e2.rel_type = 'm.thread' then e2.relates_to end`;
export const RELATED = `left join events e1 on e1.event_id = e.relates_to left join events e2 on e2.event_id = e1.relates_to`;

/** Events before a point, or from it on. */
const PAGE = {
  b: 'where (anchor, sub) < (?, ?) order by anchor desc, sub desc',
  f: 'where (anchor, sub) >= (?, ?) order by anchor, sub',
};

/** Reads the table `events` by its history key. */
export class HistoryRepository implements HistoryStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  page({ anchor, sub }: HistoryKey, dir: 'b' | 'f', limit: number): readonly EventId[] {
    return this.#ids(`select event_id as id from events ${PAGE[dir]} limit ${limitText(limit)}`, anchor, sub);
  }

  times({ anchor, sub }: HistoryKey, dir: 'b' | 'f', limit: number): readonly TimedEvent[] {
    return this.#sql
      .exec<{ id: string; anchor: number; sub: number; ts: number }>(
        `select event_id as id, anchor, sub, origin_server_ts as ts from events ${PAGE[dir]} limit ${limitText(limit)}`,
        anchor,
        sub,
      )
      .toArray()
      .map((row) => ({
        eventId: row.id as EventId,
        anchor: row.anchor,
        sub: row.sub,
        originServerTs: row.ts,
      }));
  }

  newest(from: number, to: number, limit: number): readonly EventId[] {
    return this.#ids(
      `select event_id as id from events where anchor > ? and anchor <= ? and sub = 0 order by anchor desc limit ${limitText(limit)}`,
      from,
      to,
    );
  }

  positionBefore(ts: number): number {
    const [row] = this.#sql
      .exec<{ anchor: number }>(
        `select anchor from events where anchor is not null and sub = 0 and received_ts < ?
         order by anchor desc limit 1`,
        ts,
      )
      .toArray();
    return row?.anchor ?? 0;
  }

  lowestSub(anchor: number): number {
    return (
      this.#sql.exec<{ sub: number | null }>('select min(sub) as sub from events where anchor = ?', anchor).one().sub ??
      0
    );
  }

  threadOf(eventId: EventId): EventId | undefined {
    const [row] = this.#sql
      .exec<{ thread: string | null }>(
        `select ${THREAD} as thread from events e ${RELATED} where e.event_id = ?`,
        eventId,
      )
      .toArray();
    return (row?.thread ?? undefined) as EventId | undefined;
  }

  #ids(query: string, ...bindings: number[]): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>(query, ...bindings)
      .toArray()
      .map(({ id }) => id as EventId);
  }
}
