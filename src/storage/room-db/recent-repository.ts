import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { RecentEvent, RecentStore } from '../../room/unread/recent-store.ts';
import { limitText, type Sql } from '../sql.ts';
import { RELATED, THREAD } from './history-repository.ts';

interface Row extends Record<string, SqlStorageValue> {
  event_id: string;
  anchor: number;
  sender: string;
  type: string;
  state_key: string | null;
  rel_type: string | null;
  cut: number;
  ts: number;
  thread: string | null;
  msgtype: SqlStorageValue;
  mentions: string | null;
}

const KEPT = 1_000;

/** Identifiers and types are no longer; what is would fill the memory. */
const MAX_LENGTH = 255;
const MAX_MENTIONS = 2_000;

const SELECT = `select e.event_id, e.anchor, e.sender, e.type, e.state_key, e.rel_type,
  (e.redacted_by is not null or e.expired = 1) as cut,
  min(e.origin_server_ts, e.received_ts) as ts,
  ${THREAD} as thread, json_extract(e.json, '$.content.msgtype') as msgtype,
  e.json -> '$.content."m.mentions"' as mentions
  from events e ${RELATED}`;

/**
 * The newest rows of the table `events` that have a place of their own in the stream, as they were when they were read:
 * one that is redacted later is read again, and all of them where one has expired.
 */
export class RecentRepository implements RecentStore {
  readonly #sql: Sql;
  /** Those of `(#from, #to]`, oldest first. */
  #events: RecentEvent[] = [];
  #from = 0;
  #to: number | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#to = undefined;
    this.#events = [];
  }

  between(from: number, to: number): readonly RecentEvent[] {
    this.#readOn(from, to);
    this.#readBack(from);
    const start = firstAfter(this.#events, from);
    const end = firstAfter(this.#events, to);
    return this.#events.slice(Math.max(start, end - KEPT), end);
  }

  #readOn(from: number, to: number): void {
    if (this.#to === undefined) {
      this.#to = Math.min(from, to);
      this.#from = this.#to;
    }
    if (to <= this.#to) return;
    const added = this.#newest(this.#to, to, KEPT);
    const redacted = this.#redacted(this.#to, to);
    if (redacted.size > 0) this.#events = this.#events.map((event) => this.#refreshed(event, redacted));
    this.#to = to;
    this.#events.push(...added);
    const tooMany = this.#events.length - KEPT;
    if (tooMany <= 0) return;
    this.#from = this.#events[tooMany - 1]?.anchor ?? this.#from;
    this.#events.splice(0, tooMany);
  }

  #readBack(from: number): void {
    const room = KEPT - this.#events.length;
    if (from >= this.#from || room <= 0) return;
    const older = this.#newest(from, this.#from, room);
    this.#from = older.length < room ? from : (older[0]?.anchor ?? from) - 1;
    this.#events.unshift(...older);
  }

  #newest(from: number, to: number, limit: number): readonly RecentEvent[] {
    return this.#sql
      .exec<Row>(
        `${SELECT} where e.anchor > ? and e.anchor <= ? and e.sub = 0 order by e.anchor desc limit ${limitText(limit)}`,
        from,
        to,
      )
      .toArray()
      .map(readRow)
      .toReversed();
  }

  #redacted(from: number, to: number): ReadonlySet<string> {
    const rows = this.#sql
      .exec<{ id: string }>(
        `select event_id as id from stream where kind = 'redacted' and pos > ? and pos <= ?`,
        from,
        to,
      )
      .toArray();
    return new Set(rows.map(({ id }) => id));
  }

  #refreshed(event: RecentEvent, redacted: ReadonlySet<string>): RecentEvent {
    if (!redacted.has(event.eventId)) return event;
    const [row] = this.#sql.exec<Row>(`${SELECT} where e.event_id = ?`, event.eventId).toArray();
    return row === undefined ? event : readRow(row);
  }
}

/** Index of the first event behind a position. */
function firstAfter(events: readonly RecentEvent[], pos: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.anchor ?? 0) > pos) high = middle;
    else low = middle + 1;
  }
  return low;
}

function readRow(row: Row): RecentEvent {
  return {
    eventId: row.event_id as EventId,
    anchor: row.anchor,
    sender: row.sender as UserId,
    type: row.type,
    stateKey: row.state_key ?? undefined,
    isCut: row.cut === 1,
    ts: row.ts,
    thread: short(row.thread) as EventId | undefined,
    msgtype: short(row.msgtype),
    relType: short(row.rel_type),
    mentions: row.mentions === null ? undefined : readMentions(row.mentions),
  };
}

function short(value: SqlStorageValue): string | undefined {
  return typeof value === 'string' && value.length <= MAX_LENGTH ? value : undefined;
}

function readMentions(json: string): RecentEvent['mentions'] {
  if (json.length > MAX_MENTIONS) return 'long';
  const parsed = parseJson(json);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}
