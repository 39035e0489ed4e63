import { stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { JoinEventRow, JoinEventStore } from '../../room/store.ts';
import { OPEN, type Sql } from '../sql.ts';

/** The state of a join's answer, as far as it is stored: `type`, `state_key`, `event_id`. Of two for a key, one. */
export const JOINED_STATE = `select e.type, e.state_key, max(e.event_id) as event_id
  from join_events j join events e on e.event_id = j.event_id
  where j.is_state = 1 and e.state_key is not null and e.status <> 'rejected' group by e.type, e.state_key`;

/** The table `join_events`. */
export class JoinEventRepository implements JoinEventStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  put({ eventId, depth, isState, json, unverified }: JoinEventRow): void {
    this.#sql.exec(
      `insert into join_events (event_id, depth, is_state, json, unverified) values (?, ?, ?, ?, ?)
       on conflict (event_id) do update set is_state = max(is_state, excluded.is_state),
         json = case when json is null then null else excluded.json end,
         unverified = case when json is null or unverified is null then null else excluded.unverified end`,
      eventId,
      depth,
      isState ? 1 : 0,
      json ?? null,
      unverified ?? null,
    );
  }

  stored(eventId: EventId): void {
    this.#sql.exec('update join_events set json = null, unverified = null where event_id = ?', eventId);
  }

  verified(eventId: EventId): void {
    this.#sql.exec('update join_events set unverified = null where event_id = ?', eventId);
  }

  remove(eventId: EventId): void {
    this.#sql.exec('delete from join_events where event_id = ?', eventId);
  }

  open(offset: number, limit: number): readonly JoinEventRow[] {
    return this.#rows(
      'where json is not null and unverified is null order by depth, event_id limit ? offset ?',
      limit,
      offset,
    );
  }

  unverifiedServers(): readonly ServerName[] {
    return this.#sql
      .exec<{ name: string }>('select distinct unverified as name from join_events where unverified is not null')
      .toArray()
      .map(({ name }) => name as ServerName);
  }

  unverifiedOf(server: ServerName, limit: number): readonly JoinEventRow[] {
    return this.#rows('where unverified = ? order by depth, event_id limit ?', server, limit);
  }

  isState(eventId: EventId): boolean {
    return (
      this.#sql.exec('select 1 from join_events where event_id = ? and is_state = 1', eventId).toArray().length > 0
    );
  }

  changes(): ReadonlyMap<StateTuple, EventId | undefined> {
    const changes = new Map<StateTuple, EventId | undefined>();
    const rows = this.#sql.exec<{ type: string; key: string; id: string | null }>(
      `with given as (${JOINED_STATE})
       select given.type, given.state_key as key, given.event_id as id from given
         join state s on s.type = given.type and s.state_key = given.state_key and +s.to_pos = ?
         where s.event_id <> given.event_id
       union all
       select type, state_key, null from state
         where to_pos = ? and (type, state_key) not in (select type, state_key from given)`,
      OPEN,
      OPEN,
    );
    for (const { type, key, id } of rows) changes.set(stateTuple(type, key), (id ?? undefined) as EventId | undefined);
    return changes;
  }

  hasUnverified(): boolean {
    return this.#sql.exec('select 1 from join_events where unverified is not null limit 1').toArray().length > 0;
  }

  clear(which: 'all' | 'stored'): void {
    this.#sql.exec(which === 'all' ? 'delete from join_events' : 'delete from join_events where json is null');
  }

  #rows(where: string, ...values: SqlStorageValue[]): readonly JoinEventRow[] {
    return this.#sql
      .exec<Row>(
        `select event_id as eventId, depth, is_state as isState, json, unverified from join_events ${where}`,
        ...values,
      )
      .toArray()
      .map((row) => ({
        eventId: row.eventId as EventId,
        depth: row.depth,
        isState: row.isState === 1,
        json: row.json ?? undefined,
        unverified: (row.unverified ?? undefined) as ServerName | undefined,
      }));
  }
}

interface Row extends Record<string, SqlStorageValue> {
  eventId: string;
  depth: number;
  isState: number;
  json: string | null;
  unverified: string | null;
}
