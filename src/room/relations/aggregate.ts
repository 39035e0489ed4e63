import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { relationOf } from '../../matrix/event/relation.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { isErasedFor } from '../read/erased.ts';
import { render, type Reader } from '../read/render.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { relationReader } from './relation-reader.ts';
import type { RelationReader } from './relation-store.ts';

/** What is bundled with an event, by type of relation. */
export interface BundledRelations {
  readonly 'm.replace'?: ClientEventWithoutRoomId;
  readonly 'm.thread'?: BundledThread;
  readonly 'm.reference'?: { readonly chunk: readonly { readonly event_id: EventId }[] };
}

interface BundledThread {
  readonly latest_event: ClientEventWithoutRoomId;
  readonly count: number;
  readonly current_user_participated: boolean;
}

/** References that are named with the event they refer to; `/relations` has all of them. */
const MAX_REFERENCES = 300;

/**
 * Events as one reader sees them, with what relates to them: `unsigned.m.relations`. The number of queries does not
 * depend on that of the events. Source: Client-Server API, "Aggregations of child events".
 */
export function renderWithRelations(
  store: RoomStore,
  events: readonly StoredEvent[],
  reader: Reader,
): readonly ClientEventWithoutRoomId[] {
  return rendered(store, events, reader, true);
}

function rendered(
  store: RoomStore,
  events: readonly StoredEvent[],
  reader: Reader,
  withThreads: boolean,
): readonly ClientEventWithoutRoomId[] {
  const found = aggregate(store, events, reader, withThreads);
  return events.map((event) => {
    const shown = render(store, event, reader);
    const relations = found.get(event.pdu.eventId);
    return relations === undefined ? shown : { ...shown, unsigned: { ...shown.unsigned, 'm.relations': relations } };
  });
}

/** @param withThreads not for the newest replies of threads themselves: they are in one, and so are no root. */
function aggregate(
  store: RoomStore,
  events: readonly StoredEvent[],
  reader: Reader,
  withThreads: boolean,
): ReadonlyMap<EventId, BundledRelations> {
  const found = new Map<EventId, BundledRelations>();
  // State events do not receive bundled aggregations.
  const parents = events.filter(({ pdu }) => pdu.stateKey === undefined);
  if (parents.length === 0) return found;
  const types = store.relations.aggregatedTypes(parents.map(({ pdu }) => pdu.eventId));
  if (types.size === 0) return found;
  const counted = relationReader(reader);
  const withType = (relType: string) => parents.filter(({ pdu }) => types.get(pdu.eventId)?.has(relType) === true);
  const put = (id: EventId, relations: BundledRelations) => found.set(id, { ...found.get(id), ...relations });
  for (const [id, edit] of latestEdits(store, withType('m.replace'), reader, counted)) put(id, { 'm.replace': edit });
  for (const [id, chunk] of references(store, withType('m.reference'), counted)) put(id, { 'm.reference': { chunk } });
  if (!withThreads) return found;
  for (const [id, thread] of threads(store, withType('m.thread'), reader, counted)) put(id, { 'm.thread': thread });
  return found;
}

/** Source: Client-Server API, "Validity of replacement events", "Server-side aggregation of `m.replace`". */
function latestEdits(
  store: RoomStore,
  events: readonly StoredEvent[],
  reader: Reader,
  counted: RelationReader,
): readonly (readonly [EventId, ClientEventWithoutRoomId])[] {
  const edited = events.filter(
    (event) =>
      event.redactedBy === undefined &&
      relationOf(event.pdu)?.relType !== 'm.replace' &&
      !isErasedFor(store, event, [reader.sight.intervals]),
  );
  if (edited.length === 0) return [];
  const latest = store.relations.latestEdits(
    edited.map(({ pdu }) => pdu),
    counted,
  );
  return [...latest].flatMap(([id, editId]) => {
    const edit = store.events.get(editId);
    return edit === undefined ? [] : [[id, render(store, edit, reader)] as const];
  });
}

function references(store: RoomStore, events: readonly StoredEvent[], counted: RelationReader) {
  if (events.length === 0) return [];
  const ids = events.map(({ pdu }) => pdu.eventId);
  const found = store.relations.references(ids, counted, MAX_REFERENCES);
  return [...found].map(([id, children]) => [id, children.map((eventId) => ({ event_id: eventId }))] as const);
}

/** Source: Client-Server API, "Server-side aggregation of `m.thread` relationships". */
function threads(
  store: RoomStore,
  events: readonly StoredEvent[],
  reader: Reader,
  counted: RelationReader,
): readonly (readonly [EventId, BundledThread])[] {
  const roots = events.filter(canBeRoot);
  if (roots.length === 0) return [];
  const summaries = store.relations.threads(
    roots.map(({ pdu }) => pdu.eventId),
    counted,
  );
  const newest = [...summaries.values()].map(({ latest }) => store.events.get(latest));
  const shown = rendered(
    store,
    newest.filter((event) => event !== undefined),
    reader,
    false,
  );
  const byId = new Map(shown.map((event) => [event.event_id, event]));
  return roots.flatMap(({ pdu }) => {
    const summary = summaries.get(pdu.eventId);
    const latest = summary === undefined ? undefined : byId.get(summary.latest);
    if (summary === undefined || latest === undefined) return [];
    const hasTakenPart = summary.hasReplied || pdu.sender === reader.sight.userId;
    const thread = { latest_event: latest, count: summary.count, current_user_participated: hasTakenPart };
    return [[pdu.eventId, thread] as const];
  });
}

/** "It is not possible to create a thread from an event which itself is the child of an event relationship." */
export function canBeRoot({ pdu }: StoredEvent): boolean {
  return pdu.stateKey === undefined && relationOf(pdu) === undefined;
}
