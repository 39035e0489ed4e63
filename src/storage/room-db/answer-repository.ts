import type { ServerName } from '../../matrix/ids/brands.ts';
import type { AnswerRow, AnswerStore, StatePage, StateRow } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

const SERVER_OF = `substr(s.state_key, instr(s.state_key, ':') + 1)`;

/** The tables `events`, `event_auth` and `state`, as answers to other servers list them: events are not parsed. */
export class AnswerRepository implements AnswerStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  stateAt(pos: number, { from, below }: StatePage, limit: number): readonly StateRow[] {
    // A blob sorts after every text: it stands for no bound. The plus keeps SQLite on the primary key, in whose order the
    // pages come.
    return this.#sql
      .exec<{ type: string; key: string; row: number; id: string; json: string }>(
        `select s.type, s.state_key as key, e.rowid as row, e.event_id as id, e.json from state s
         join events e on e.event_id = s.event_id
         where (s.type, s.state_key) >= (?, ?) and s.type < ifnull(?, x'')
           and +s.from_pos <= ? and +s.to_pos > ?
         order by s.type, s.state_key limit ?`,
        from.type,
        from.stateKey,
        below ?? null,
        pos,
        pos,
        limit,
      )
      .toArray()
      .map(({ type, key, row, id, json }) => ({ type, stateKey: key, row, eventId: id, json }));
  }

  byIds(eventIds: readonly string[]): readonly AnswerRow[] {
    return this.#rows('event_id in (select value from json_each(?))', JSON.stringify(eventIds));
  }

  byRows(rows: readonly number[]): readonly AnswerRow[] {
    return this.#rows('rowid in (select value from json_each(?))', JSON.stringify(rows));
  }

  authRowsOf(rows: readonly number[]): readonly number[] {
    return this.#sql
      .exec<{ row: number }>(
        `select distinct t.rowid as row from json_each(?) j join events e on e.rowid = j.value
         join event_auth a on a.event_id = e.event_id join events t on t.event_id = a.auth_event_id
         where t.state_key is not null`,
        JSON.stringify(rows),
      )
      .toArray()
      .map(({ row }) => row);
  }

  joinedServers(pos: number, exceptUsers: readonly string[]): readonly ServerName[] {
    return this.#sql
      .exec<{ name: string }>(
        `select distinct ${SERVER_OF} as name from state s
         where s.type = 'm.room.member' and s.membership = 'join' and s.from_pos <= ? and s.to_pos > ?
           and s.state_key not in (select value from json_each(?))`,
        pos,
        pos,
        JSON.stringify(exceptUsers),
      )
      .toArray()
      .map(({ name }) => name as ServerName);
  }

  #rows(where: string, list: string): readonly AnswerRow[] {
    return this.#sql
      .exec<{ row: number; id: string; json: string }>(
        `select rowid as row, event_id as id, json from events where ${where}`,
        list,
      )
      .toArray()
      .map(({ row, id, json }) => ({ row, eventId: id, json }));
  }
}
