import { cutDown } from '../../matrix/event/cut-down.ts';
import { relationOf } from '../../matrix/event/relation.ts';
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { EventStatus, EventStore, StateRef, StoredEvent } from '../../room/store.ts';
import { askedAtOnce } from '../asked-at-once.ts';
import { LRU } from '../lru.ts';
import { cacheBudget } from '../memory-budget.ts';
import type { Sql } from '../sql.ts';
import { RejectedRepository, type RejectedBounds } from './rejected-repository.ts';

/** A row as an array, in the order of {@link COLUMNS}: an object of as many fields takes workerd three times as long. */
type Row = [
  eventId: string,
  pos: number | null,
  anchor: number | null,
  sub: number | null,
  status: string,
  provisional: number,
  reason: string | null,
  authHeight: number,
  visibility: string | null,
  redactedBy: string | null,
  expired: number,
  beforePos: number | null,
  beforeGroup: number | null,
  afterPos: number | null,
  afterGroup: number | null,
  receivedTs: number,
  relayedFrom: string | null,
  appservice: string | null,
  json: string,
];

const COLUMNS = `event_id, pos, anchor, sub, status, provisional, reason, auth_height, visibility, redacted_by, expired,
  before_pos, before_group, after_pos, after_group, received_ts, relayed_from, appservice, json`;

/** Where a row has the JSON. */
const JSON_AT = 18;

/** Parsed events that an object keeps at hand, if there is room for them. */
const CACHED_EVENTS = 1_000;

/** A message of some 700 bytes of JSON was seen to take 2 KB. */
const bytesOf = (json: string): number => 600 + 2 * json.length;

/** The tables `events`, `event_edges` and `event_auth`. */
export class EventRepository implements EventStore {
  readonly #sql: Sql;
  readonly #rules: () => RoomVersionRules;
  readonly #roomId: () => RoomId;
  readonly #written: (event: StoredEvent) => void;
  readonly #rejected: RejectedRepository;
  readonly #cache = new LRU<EventId, StoredEvent>(CACHED_EVENTS, cacheBudget);

  /** @param written is told of every event that was inserted or updated. */
  constructor(
    sql: Sql,
    rules: () => RoomVersionRules,
    roomId: () => RoomId,
    written: (event: StoredEvent) => void,
    bounds: RejectedBounds,
  ) {
    this.#sql = sql;
    this.#rejected = new RejectedRepository(sql, bounds);
    this.#rules = rules;
    this.#roomId = roomId;
    this.#written = written;
  }

  /** After a transaction was rolled back: what is cached may never have been written. */
  forget(): void {
    this.#cache.clear();
  }

  get(eventId: EventId): StoredEvent | undefined {
    const cached = this.#cache.get(eventId);
    if (cached !== undefined) return cached;
    const [row] = this.#sql.exec(`select ${COLUMNS} from events where event_id = ?`, eventId).raw<Row>();
    if (row === undefined) return undefined;
    const event = this.#read(row);
    this.#cache.set(eventId, event, bytesOf(row[JSON_AT]));
    return event;
  }

  several(eventIds: readonly EventId[]): ReadonlyMap<EventId, StoredEvent> {
    const found = new Map<EventId, StoredEvent>();
    const others: EventId[] = [];
    for (const eventId of eventIds) {
      const cached = this.#cache.get(eventId);
      if (cached === undefined) others.push(eventId);
      else found.set(eventId, cached);
    }
    for (const ids of askedAtOnce(others)) {
      const rows = this.#sql
        .exec(`select ${COLUMNS} from events where event_id in (select value from json_each(?))`, JSON.stringify(ids))
        .raw<Row>();
      for (const row of rows) {
        const event = this.#read(row);
        found.set(event.pdu.eventId, event);
      }
    }
    return found;
  }

  has(eventId: EventId): boolean {
    return this.get(eventId) !== undefined;
  }

  insert(event: StoredEvent): void {
    const { pdu } = event;
    const json = canonicalJson(pdu.json);
    this.#sql.exec(
      `insert into events (event_id, type, state_key, sender, depth, origin_server_ts, redacts, relates_to, rel_type,
         pos, anchor, sub, status, provisional, reason, auth_height, visibility, redacted_by, expired,
         before_pos, before_group, after_pos, after_group, received_ts, relayed_from, appservice, json)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      pdu.eventId,
      pdu.type,
      pdu.stateKey ?? null,
      pdu.sender,
      pdu.depth,
      pdu.originServerTs,
      pdu.redacts ?? null,
      ...relationColumns(event),
      ...mutable(event),
      json,
    );
    this.#sql.exec(
      `insert or ignore into event_edges (event_id, prev_event_id) select ?, value from json_each(?)`,
      pdu.eventId,
      JSON.stringify(pdu.prevEvents),
    );
    this.#sql.exec(
      `insert or ignore into event_auth (event_id, auth_event_id, is_state) select ?, value, ? from json_each(?)`,
      pdu.eventId,
      pdu.stateKey === undefined ? 0 : 1,
      JSON.stringify(pdu.authEvents),
    );
    this.#cache.set(pdu.eventId, event, bytesOf(json));
    if (event.status === 'rejected') this.#boundRejected(event);
    this.#written(event);
  }

  update(event: StoredEvent): void {
    const wasRejected = this.get(event.pdu.eventId)?.status === 'rejected';
    this.#overwrite(event);
    if (event.status === 'rejected') this.#boundRejected(event);
    else if (wasRejected) this.#rejected.remove(event.pdu.eventId);
    this.#written(event);
  }

  #overwrite(event: StoredEvent): void {
    const json = canonicalJson(event.pdu.json);
    this.#sql.exec(
      `update events set pos = ?, anchor = ?, sub = ?, status = ?, provisional = ?, reason = ?, auth_height = ?,
         visibility = ?, redacted_by = ?, expired = ?, before_pos = ?, before_group = ?, after_pos = ?, after_group = ?,
         received_ts = ?, relayed_from = ?, appservice = ?, json = ?,
         relates_to = coalesce(relates_to, ?), rel_type = coalesce(rel_type, ?) where event_id = ?`,
      ...mutable(event),
      json,
      ...relationColumns(event),
      event.pdu.eventId,
    );
    this.#cache.set(event.pdu.eventId, event, bytesOf(json));
  }

  #boundRejected({ pdu }: StoredEvent): void {
    const { cut, forget } = this.#rejected.add(pdu.eventId, userIdServer(pdu.sender));
    const whole = cut === undefined ? undefined : this.get(cut);
    if (whole?.status === 'rejected') this.#overwrite({ ...whole, pdu: cutDown(whole.pdu), provisional: true });
    if (forget !== undefined) this.#remove(forget);
  }

  /** Whoever names it as a parent or as an auth event finds it unknown, as before it came. */
  #remove(eventId: EventId): void {
    if (this.get(eventId)?.status !== 'rejected') return;
    for (const [table, column] of [
      ['events', 'event_id'],
      ['event_edges', 'event_id'],
      ['event_auth', 'event_id'],
      ['backward_extremities', 'child_event_id'],
    ]) {
      this.#sql.exec(`delete from ${table} where ${column} = ?`, eventId);
    }
    this.#cache.delete(eventId);
  }

  redactionsOf(eventId: EventId): readonly EventId[] {
    return this.#ids(`select event_id as id from events where redacts = ? and type = 'm.room.redaction'`, eventId);
  }

  children(eventId: EventId): readonly EventId[] {
    return this.#ids('select event_id as id from event_edges where prev_event_id = ?', eventId);
  }

  authChildren(eventId: EventId): readonly EventId[] {
    return this.#ids('select event_id as id from event_auth where auth_event_id = ? and is_state = 1', eventId);
  }

  rejectedAuthChildren(eventId: EventId): readonly EventId[] {
    return this.#ids(
      `select a.event_id as id from event_auth a join events e on e.event_id = a.event_id
       where a.auth_event_id = ? and e.status = 'rejected' order by e.rowid`,
      eventId,
    );
  }

  refused(offset: number, limit: number): readonly EventId[] {
    return this.#ids(
      `select event_id as id from events where status in ('rejected', 'soft_failed')
       order by rowid desc limit ? offset ?`,
      limit,
      offset,
    );
  }

  #ids(query: string, ...bindings: SqlStorageValue[]): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>(query, ...bindings)
      .toArray()
      .map(({ id }) => id as EventId);
  }

  #read(row: Row): StoredEvent {
    const [eventId, pos, anchor, sub, status, provisional, reason, authHeight, visibility, redactedBy, ...more] = row;
    const [expired, beforePos, beforeGroup, afterPos, afterGroup, receivedTs, relayedFrom, appservice, json] = more;
    return {
      pdu: pduFromStored(this.#rules(), this.#roomId(), eventId as EventId, parseStored(json)),
      status: status as EventStatus,
      provisional: provisional === 1,
      pos: pos ?? undefined,
      history: anchor === null ? undefined : { anchor, sub: sub ?? 0 },
      authHeight,
      visibility: visibility ?? undefined,
      redactedBy: (redactedBy ?? undefined) as EventId | undefined,
      isExpired: expired === 1,
      before: refOrUndefined(beforePos, beforeGroup),
      after: refOrUndefined(afterPos, afterGroup),
      receivedTs,
      relayedFrom: (relayedFrom ?? undefined) as ServerName | undefined,
      appservice: appservice ?? undefined,
      reason: reason ?? undefined,
    };
  }
}

function mutable(event: StoredEvent): SqlStorageValue[] {
  return [
    event.pos ?? null,
    event.history?.anchor ?? null,
    event.history?.sub ?? null,
    event.status,
    event.provisional ? 1 : 0,
    event.reason ?? null,
    event.authHeight,
    event.visibility ?? null,
    event.redactedBy ?? null,
    event.isExpired ? 1 : 0,
    ...refColumns(event.before),
    ...refColumns(event.after),
    event.receivedTs,
    event.relayedFrom ?? null,
    event.appservice ?? null,
  ];
}

function refColumns(ref: StateRef | undefined): [number | null, number | null] {
  return ref === undefined ? [null, null] : [ref.pos, ref.group];
}

function refOrUndefined(pos: number | null, group: number | null): StateRef | undefined {
  return pos === null ? undefined : { pos, group };
}

/** They stay when the event is redacted: a copy that came redacted gets them with the intact one. */
function relationColumns({ pdu }: StoredEvent): [string | null, string | null] {
  const relation = relationOf(pdu);
  return relation === undefined ? [null, null] : [relation.parentId, relation.relType];
}

function parseStored(json: string): JsonObject {
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('a stored event is not JSON any more');
  return parsed.value;
}
