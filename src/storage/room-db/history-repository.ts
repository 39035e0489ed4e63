import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, HistoryStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** Reads the table `events` by its history key. */
export class HistoryRepository implements HistoryStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  page({ anchor, sub }: HistoryKey, dir: 'b' | 'f', limit: number): readonly EventId[] {
    return this.#ids(
      dir === 'b'
        ? `select event_id as id from events where (anchor, sub) < (?, ?) order by anchor desc, sub desc limit ?`
        : `select event_id as id from events where (anchor, sub) >= (?, ?) order by anchor, sub limit ?`,
      anchor,
      sub,
      limit,
    );
  }

  newest(from: number, to: number, limit: number): readonly EventId[] {
    return this.#ids(
      `select event_id as id from events where anchor > ? and anchor <= ? and sub = 0 order by anchor desc limit ?`,
      from,
      to,
      limit,
    );
  }

  lowestSub(anchor: number): number {
    return (
      this.#sql.exec<{ sub: number | null }>('select min(sub) as sub from events where anchor = ?', anchor).one().sub ??
      0
    );
  }

  countAfter(pos: number, notBy: UserId, types: readonly string[], limit: number): number {
    return this.#sql
      .exec<{ n: number }>(
        `select count(*) as n from (
           select 1 from events where anchor > ? and sub = 0 and sender <> ?
             and type in (select value from json_each(?)) limit ?)`,
        pos,
        notBy,
        JSON.stringify(types),
        limit,
      )
      .one().n;
  }

  #ids(query: string, ...bindings: number[]): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>(query, ...bindings)
      .toArray()
      .map(({ id }) => id as EventId);
  }
}
