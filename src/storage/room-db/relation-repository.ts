import { hasNewContent, relationOf } from '../../matrix/event/relation.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type {
  ChildrenQuery,
  EditedEvent,
  RelatedBy,
  RelationReader,
  RelationStore,
  ThreadSummary,
} from '../../room/relations/relation-store.ts';
import type { HistoryKey, StoredEvent } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** Types of relation that are aggregated. */
const AGGREGATED = ['m.replace', 'm.thread', 'm.reference'];

/** Replies of a thread are counted up to here, so that no page of events costs more. */
const MAX_COUNT = 10_000;

/** Events that a request for indirect relations looks at. */
const MAX_FOUND = 20_000;

const READER = `reader as (select ? as user_id, ? as joined_until, ? as horizon, ? as spans),
  ignored as materialized (select value from json_each(?))`;

/**
 * Whether the relation `r` counts for the reader: never more than they may see, as `mayUserSee` has it, and of what was
 * fetched of the past with a visibility by membership nothing. A time in the future counts until the event is emptied.
 */
const COUNTS = `r.origin_server_ts > reader.horizon and (r.visibility = 'world_readable' or (r.visibility = 'shared' and r.anchor < reader.joined_until)
  or (r.sub = 0 and exists (select 1 from json_each(reader.spans) as span
    where r.anchor >= span.value ->> 0 and r.anchor < span.value ->> 1
      and (span.value ->> 2 = 'join' or r.visibility = 'invited'))))
  and r.sender not in (select value from ignored)`;

/** The tables `relations` and `threads`. */
export class RelationRepository implements RelationStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  note(event: StoredEvent): void {
    const { pdu, history, status, redactedBy, isExpired, visibility } = event;
    const isCut = redactedBy !== undefined || isExpired;
    if (isCut) this.#drop(pdu.eventId);
    const relation = relationOf(pdu);
    if (relation === undefined || isCut || history === undefined || status !== 'accepted') return;
    const { anchor, sub } = history;
    const { rowsWritten } = this.#sql.exec(
      `insert or ignore into relations (event_id, relates_to, rel_type, type, sender, key, is_edit, origin_server_ts,
         visibility, anchor, sub) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      pdu.eventId,
      relation.parentId,
      relation.relType,
      pdu.type,
      pdu.sender,
      relation.key ?? null,
      relation.relType === 'm.replace' && hasNewContent(pdu) ? 1 : 0,
      pdu.originServerTs,
      visibility ?? 'joined',
      anchor,
      sub,
    );
    if (rowsWritten === 0 || relation.relType !== 'm.thread') return;
    this.#sql.exec(
      `insert into threads (root_id, anchor, sub) values (?, ?, ?)
       on conflict (root_id) do update set anchor = excluded.anchor, sub = excluded.sub
         where (excluded.anchor, excluded.sub) > (threads.anchor, threads.sub)`,
      relation.parentId,
      anchor,
      sub,
    );
  }

  #drop(eventId: EventId): void {
    const [gone] = this.#sql
      .exec<{ parent: string; rel_type: string }>(
        'delete from relations where event_id = ? returning relates_to as parent, rel_type',
        eventId,
      )
      .toArray();
    if (gone?.rel_type !== 'm.thread') return;
    this.#sql.exec('delete from threads where root_id = ?', gone.parent);
    this.#sql.exec(
      `insert into threads (root_id, anchor, sub) select relates_to, anchor, sub from relations
       where relates_to = ? and rel_type = 'm.thread' order by anchor desc, sub desc limit 1`,
      gone.parent,
    );
  }

  aggregatedTypes(eventIds: readonly EventId[]): ReadonlyMap<EventId, ReadonlySet<string>> {
    const rows = this.#sql
      .exec<{ id: string; rel_type: string }>(
        `select parent.value as id, kind.value as rel_type from json_each(?) as parent, json_each(?) as kind
         where exists (select 1 from relations where relates_to = parent.value and rel_type = kind.value)`,
        JSON.stringify(eventIds),
        JSON.stringify(AGGREGATED),
      )
      .toArray();
    const types = new Map<EventId, Set<string>>();
    for (const { id, rel_type: relType } of rows) {
      const eventId = id as EventId;
      types.set(eventId, (types.get(eventId) ?? new Set()).add(relType));
    }
    return types;
  }

  latestEdits(events: readonly EditedEvent[], reader: RelationReader): ReadonlyMap<EventId, EventId> {
    const rows = this.#sql
      .exec<{ parent: string; latest: string | null }>(
        `with ${READER}, edited as (
           select value ->> 0 as id, value ->> 1 as sender, value ->> 2 as type from json_each(?))
         select edited.id as parent, (
           select r.event_id from relations r
           where r.relates_to = edited.id and r.rel_type = 'm.replace' and r.sender = edited.sender
             and r.type = edited.type and r.is_edit = 1 and ${COUNTS}
           order by r.origin_server_ts desc, r.event_id desc limit 1) as latest
         from edited, reader`,
        ...readerColumns(reader),
        JSON.stringify(events.map(({ eventId, sender, type }) => [eventId, sender, type])),
      )
      .toArray();
    return new Map(
      rows.flatMap(({ parent, latest }) => (latest === null ? [] : [[parent as EventId, latest as EventId]])),
    );
  }

  threads(roots: readonly EventId[], reader: RelationReader): ReadonlyMap<EventId, ThreadSummary> {
    const replies = `from relations r where r.relates_to = root.value and r.rel_type = 'm.thread'`;
    const rows = this.#sql
      .exec<{ root: string; latest: string | null; n: number; replied: number }>(
        `with ${READER}
         select root.value as root,
           (select r.event_id ${replies} and ${COUNTS} order by r.anchor desc, r.sub desc limit 1) as latest,
           (select count(*) from (select 1 ${replies} and ${COUNTS} limit ${MAX_COUNT})) as n,
           exists (select 1 ${replies} and r.sender = reader.user_id) as replied
         from json_each(?) as root, reader`,
        ...readerColumns(reader),
        JSON.stringify(roots),
      )
      .toArray();
    return new Map(
      rows.flatMap(({ root, latest, n, replied }) =>
        latest === null
          ? []
          : [[root as EventId, { latest: latest as EventId, count: n, hasReplied: replied === 1 }] as const],
      ),
    );
  }

  references(
    eventIds: readonly EventId[],
    reader: RelationReader,
    limit: number,
  ): ReadonlyMap<EventId, readonly EventId[]> {
    const rows = this.#sql
      .exec<{ parent: string; id: string }>(
        `with ${READER}
         select child.relates_to as parent, child.event_id as id from json_each(?) as parent, reader
           join relations child on child.event_id in (
             select r.event_id from relations r
             where r.relates_to = parent.value and r.rel_type = 'm.reference' and ${COUNTS}
             order by r.anchor, r.sub limit ?)
         order by child.anchor, child.sub`,
        ...readerColumns(reader),
        JSON.stringify(eventIds),
        limit,
      )
      .toArray();
    const found = new Map<EventId, EventId[]>();
    for (const { parent, id } of rows) {
      const parentId = parent as EventId;
      found.set(parentId, [...(found.get(parentId) ?? []), id as EventId]);
    }
    return found;
  }

  children({ parentId, relType, type, depth, point, dir, limit }: ChildrenQuery): readonly EventId[] {
    const isOfTypes = `${relType === undefined ? '' : 'and r.rel_type = ?'} ${type === undefined ? '' : 'and r.type = ?'}`;
    const types = [relType, type].filter((value) => value !== undefined);
    const [comparison, order] = dir === 'b' ? ['<', 'desc'] : ['>=', 'asc'];
    const page = `(r.anchor, r.sub) ${comparison} (?, ?) order by r.anchor ${order}, r.sub ${order} limit ?`;
    const { anchor, sub } = point;
    if (depth === 1) {
      return this.#ids(
        `select r.event_id as id from relations r where r.relates_to = ? ${isOfTypes} and ${page}`,
        parentId,
        ...types,
        anchor,
        sub,
        limit,
      );
    }
    return this.#ids(
      `with recursive r(event_id, depth, anchor, sub) as (
         select r.event_id, 1, r.anchor, r.sub from relations r where r.relates_to = ? ${isOfTypes}
         union all
         select r.event_id, depth + 1, r.anchor, r.sub from r as parent join relations r on r.relates_to = parent.event_id
         where depth < ? ${isOfTypes} limit ${MAX_FOUND})
       select distinct event_id as id from r where event_id <> ? and ${page}`,
      parentId,
      ...types,
      depth,
      ...types,
      parentId,
      anchor,
      sub,
      limit,
    );
  }

  relatedBy(eventIds: readonly EventId[], { relTypes, senders }: RelatedBy): ReadonlySet<EventId> {
    const isOfType = relTypes === undefined ? '' : 'and rel_type in (select value from json_each(?))';
    const isOfSender = senders === undefined ? '' : 'and sender in (select value from json_each(?))';
    return new Set(
      this.#ids(
        `select value as id from json_each(?)
         where exists (select 1 from relations where relates_to = value ${isOfType} ${isOfSender})`,
        JSON.stringify(eventIds),
        ...[relTypes, senders].filter((list) => list !== undefined).map((list) => JSON.stringify(list)),
      ),
    );
  }

  isAnnotated({ parentId, sender, type, key }: Parameters<RelationStore['isAnnotated']>[0]): boolean {
    const rows = this.#sql.exec(
      `select 1 from relations
       where relates_to = ? and rel_type = 'm.annotation' and sender = ? and type = ? and key = ? limit 1`,
      parentId,
      sender,
      type,
      key,
    );
    return rows.toArray().length > 0;
  }

  threadsBefore({ anchor, sub }: HistoryKey, limit: number) {
    return this.#sql
      .exec<{ id: string; anchor: number; sub: number }>(
        `select root_id as id, anchor, sub from threads where (anchor, sub) < (?, ?)
         order by anchor desc, sub desc limit ?`,
        anchor,
        sub,
        limit,
      )
      .toArray()
      .map((row) => ({ rootId: row.id as EventId, place: { anchor: row.anchor, sub: row.sub } }));
  }

  storedAfter(row: number, limit: number) {
    return this.#sql
      .exec<{ row: number; id: string }>(
        `select rowid as row, event_id as id from events where rowid > ? and relates_to is not null
         order by rowid limit ?`,
        row,
        limit,
      )
      .toArray()
      .map(({ row: at, id }) => ({ row: at, eventId: id as EventId }));
  }

  #ids(query: string, ...bindings: SqlStorageValue[]): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>(query, ...bindings)
      .toArray()
      .map(({ id }) => id as EventId);
  }
}

function readerColumns({ userId, joinedUntil, horizon, spans, ignoredUsers }: RelationReader): SqlStorageValue[] {
  return [userId, joinedUntil, horizon, JSON.stringify(spans), JSON.stringify(ignoredUsers)];
}
