import type { EventId } from '../../matrix/ids/brands.ts';
import type { StreamRow, StreamStore, TurnRow } from '../../room/store.ts';
import { limitText, OPEN, type Sql } from '../sql.ts';
import { JOINED_STATE } from './join-event-repository.ts';

interface Row extends Record<string, SqlStorageValue> {
  pos: number;
  kind: string;
  event_id: string | null;
  type: string | null;
  state_key: string | null;
  before_event_id: string | null;
}

/** The table `stream`, and the counter behind it: receipts take positions too. */
export class StreamRepository implements StreamStore {
  readonly #sql: Sql;
  #head: number | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#head = undefined;
  }

  head(): number {
    if (this.#head !== undefined) return this.#head;
    const { head } = this.#sql
      .exec<{ head: number }>(
        `select max(coalesce((select max(pos) from stream), 0), coalesce((select max(pos) from receipts), 0)) as head`,
      )
      .one();
    this.#head = head;
    return head;
  }

  takePosition(): number {
    const pos = this.head() + 1;
    this.#head = pos;
    return pos;
  }

  append(row: Parameters<StreamStore['append']>[0]): number {
    const pos = this.takePosition();
    const state = row.kind === 'state' ? row : undefined;
    this.#sql.exec(
      'insert into stream (pos, kind, event_id, type, state_key, before_event_id) values (?, ?, ?, ?, ?, ?)',
      pos,
      row.kind,
      row.kind === 'gap' ? null : (row.eventId ?? null),
      state?.type ?? null,
      row.kind === 'redacted' && row.media.length > 0 ? row.media.join(' ') : (state?.stateKey ?? null),
      (row.kind === 'redacted' ? row.edited : state?.before) ?? null,
    );
    return pos;
  }

  appendJoined(): void {
    // The plus keeps SQLite from going through all open intervals of the type, as in `change` of the state.
    this.#sql.exec(
      `insert into stream (pos, kind, event_id, type, state_key)
       select ? + row_number() over (), 'state', event_id, type, state_key from (${JOINED_STATE}) given
       where not exists (select 1 from state s
         where s.type = given.type and s.state_key = given.state_key and +s.to_pos = ?)`,
      this.head(),
      OPEN,
    );
    this.#head = undefined;
  }

  range(from: number, to: number, limit: number): readonly StreamRow[] {
    return this.#sql
      .exec<Row>(
        `select pos, kind, event_id, type, state_key, before_event_id from stream
         where pos > ? and pos <= ? order by pos limit ${limitText(limit)}`,
        from,
        to,
      )
      .toArray()
      .map(readRow);
  }

  hasMemberRow(from: number, to: number): boolean {
    const rows = this.#sql.exec(
      `select 1 from stream where kind = 'state' and pos > ? and pos <= ? and type = 'm.room.member' limit 1`,
      from,
      to,
    );
    return rows.toArray().length > 0;
  }

  localMemberRows(from: number, to: number): readonly Extract<StreamRow, { kind: 'state' }>[] {
    return this.#sql
      .exec<Row>(
        `select pos, kind, event_id, type, state_key, before_event_id from stream
         where kind = 'state' and pos > ? and pos <= ? and type = 'm.room.member'
           and state_key in (select user_id from local_users) order by pos`,
        from,
        to,
      )
      .toArray()
      .map(readRow)
      .filter((row) => row.kind === 'state');
  }

  lastGap(from: number, to: number): number | undefined {
    const row = this.#sql
      .exec<{ pos: number | null }>(
        `select max(pos) as pos from stream where kind = 'gap' and pos > ? and pos <= ?`,
        from,
        to,
      )
      .one();
    return row.pos ?? undefined;
  }

  lastTurn(to: number): TurnRow | undefined {
    const rows = (['event', 'gap'] as const).flatMap((kind) =>
      this.#sql
        .exec<Row>(
          `select pos, kind, event_id, type, state_key, before_event_id from stream
           where kind = ? and pos <= ? order by pos desc limit 1`,
          kind,
          to,
        )
        .toArray(),
    );
    const [last] = rows.toSorted((one, other) => other.pos - one.pos).map(readRow);
    return last?.kind === 'event' || last?.kind === 'gap' ? last : undefined;
  }
}

function readRow(row: Row): StreamRow {
  const { pos } = row;
  const eventId = (row.event_id ?? undefined) as EventId | undefined;
  if (row.kind === 'state') {
    const before = (row.before_event_id ?? undefined) as EventId | undefined;
    return { kind: 'state', pos, type: row.type ?? '', stateKey: row.state_key ?? '', eventId, before };
  }
  if (row.kind === 'gap' || eventId === undefined) return { kind: 'gap', pos };
  if (row.kind !== 'redacted') return { kind: 'event', pos, eventId };
  const edited = (row.before_event_id ?? undefined) as EventId | undefined;
  return { kind: 'redacted', pos, eventId, media: row.state_key === null ? [] : row.state_key.split(' '), edited };
}
