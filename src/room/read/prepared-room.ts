// What a read of a room from its beginning is for whoever may see all of it: made once and kept until something is
// written, since a user has as many of these reads at once as rooms, and the users of a room have the same.
import { toClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { passesFilter } from '../../matrix/event/event-filter.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { stateEventId } from '../state/state-at.ts';
import { hasExpired } from '../retention/has-expired.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { tokenBefore } from './history-point.ts';
import { readTimeline } from './read-range.ts';
import { isOwed, lazyState, startOf, wholeEvents, type SyncQuery } from './read-sync.ts';
import { keyReplaced, plain, redactionOf, replacedFields } from './render.ts';
import { isNamedAt } from './room-summary.ts';
import type { SeenEvent } from './sight.ts';

export interface PreparedEvent {
  readonly event: ShownEvent;
  /** JSON text of the event up to where `unsigned` comes, without the brace at its end. */
  readonly text: string;
  /** Fields of `unsigned`, with a comma behind each, that everybody is told. */
  readonly redaction: string;
  /** The same for those who may see what it took the place of. */
  readonly replaced: { readonly event: SeenEvent; readonly text: string } | undefined;
}

/** As much of an event as decides what one reader is shown of it. */
export interface ShownEvent extends SeenEvent {
  readonly pdu: SeenEvent['pdu'] & Pick<StoredEvent['pdu'], 'eventId' | 'sender'>;
}

export interface PreparedRoom {
  /** Oldest first. */
  readonly timeline: readonly PreparedEvent[];
  /** Those of the timeline to which something relates that is bundled with them, for each reader anew. */
  readonly parents: ReadonlySet<EventId>;
  /** The newest that was left out for the limit: who may not see it has another timeline. */
  readonly next: ShownEvent | undefined;
  readonly limited: boolean;
  readonly prevBatch: string;
  /** The position of the state. */
  readonly start: number;
  /** With lazy loading, of its members those who speak in the timeline. */
  readonly state: readonly PreparedEvent[];
  readonly owed: boolean;
  readonly isNamed: boolean;
  /** Somebody whose content was erased has sent some of it: not everybody is shown the same. */
  readonly isErasedForSome: boolean;
}

/** What a room has prepared of itself: at most one. */
export interface PreparedStore {
  /** What was prepared under this key, unless something was written since. */
  get(key: string): PreparedRoom | undefined;
  /** In the place of what was prepared before. @param bytes what it takes in memory, about. */
  put(key: string, room: PreparedRoom, bytes: number): void;
}

export function preparedRoom(store: RoomStore, query: SyncQuery): PreparedRoom {
  const { to, timelineLimit, timelineFilter, stateFilter, lazyLoadMembers, stateAfter } = query;
  // What has expired stays so as long as messages may get as old as they may now.
  const lifetime = store.retention.lifetime() ?? null;
  const key = JSON.stringify([to, timelineLimit, timelineFilter, stateFilter, lazyLoadMembers, stateAfter, lifetime]);
  const held = store.prepared.get(key);
  if (held !== undefined) return held;
  const room = prepare(store, query);
  store.prepared.put(key, room, bytesOf(room) + textBytes(key));
  return room;
}

function prepare(store: RoomStore, query: SyncQuery): PreparedRoom {
  const { to, stateAfter, stateFilter, lazyLoadMembers } = query;
  const everybody = { maySee: (event: SeenEvent) => !hasExpired(store, event) };
  const { events, limited, next } = readTimeline(store, { ...query, ignoredUsers: [] }, everybody, { from: 0, to });
  const [first] = events;
  const start = stateAfter === true ? to : startOf(first, to);
  const ids = lazyLoadMembers
    ? lazyState(
        store,
        start,
        events.map(({ pdu }) => pdu.sender),
      )
    : [...store.state.allAt(start).values()];
  const state = wholeEvents(store, ids).filter(({ pdu }) => passesFilter(stateFilter, pdu));
  const replaced = replacedBy(store, [...events, ...state]);
  const prepared = (event: StoredEvent) => prepareEvent(store, event, replaced.get(event.pdu.eventId));
  const senders = [...events, ...state, ...replaced.values()].map(({ pdu }) => pdu.sender);
  return {
    timeline: events.map(prepared),
    parents: new Set(store.relations.aggregatedTypes(parentsOf(events)).keys()),
    next: next === undefined ? undefined : shownPart(next),
    limited,
    prevBatch: tokenBefore(first, to),
    start,
    state: state.map(prepared),
    owed: stateAfter !== true && isOwed(store, events, start, to),
    isNamed: isNamedAt(store, to),
    isErasedForSome: senders.some((sender) => store.erasures.at(sender) !== undefined),
  };
}

function parentsOf(events: readonly StoredEvent[]): readonly EventId[] {
  return events.filter(({ pdu }) => pdu.stateKey === undefined).map(({ pdu }) => pdu.eventId);
}

/** What events took the place of in the state. On the main line all are asked for at once. */
function replacedBy(store: RoomStore, events: readonly StoredEvent[]): ReadonlyMap<EventId, StoredEvent> {
  const asked = events.flatMap((event) => {
    const key = keyReplaced(event);
    return key === undefined ? [] : [{ ...key, eventId: event.pdu.eventId }];
  });
  const onMainLine = asked.filter(({ before }) => before.group === null);
  const holders = store.stateLookups.holders(onMainLine.map((key) => ({ ...key, pos: key.before.pos })));
  const ids = new Map(onMainLine.map(({ eventId }, nth) => [eventId, holders[nth]]));
  for (const { before, type, stateKey, eventId } of asked) {
    if (before.group !== null) ids.set(eventId, stateEventId(store, before, type, stateKey));
  }
  const others = [...ids].flatMap(([eventId, id]) =>
    id === undefined || id === eventId ? [] : [[eventId, id] as const],
  );
  const found = store.events.several(others.map(([, id]) => id));
  return new Map(
    others.flatMap(([eventId, id]) => {
      const old = found.get(id);
      return old === undefined ? [] : [[eventId, old] as const];
    }),
  );
}

function prepareEvent(store: RoomStore, event: StoredEvent, replaced: StoredEvent | undefined): PreparedEvent {
  return {
    event: shownPart(event),
    text: JSON.stringify(toClientEventWithoutRoomId(plain(event.pdu))).slice(0, -1),
    redaction: fieldsText(redactionOf(store, event)),
    replaced:
      replaced === undefined
        ? undefined
        : { event: shownPart(replaced), text: fieldsText(replacedFields(replaced.pdu)) },
  };
}

function shownPart({ pdu, pos, history, before, visibility, receivedTs, isExpired }: StoredEvent): ShownEvent {
  const { eventId, sender, type, stateKey, originServerTs, content } = pdu;
  const { membership } = content;
  return {
    pdu: {
      eventId,
      sender,
      type,
      stateKey,
      originServerTs,
      content: type === 'm.room.member' && typeof membership === 'string' ? { membership } : {},
    },
    pos,
    history,
    before,
    visibility,
    receivedTs,
    isExpired,
  };
}

function fieldsText(fields: object): string {
  const text = JSON.stringify(fields).slice(1, -1);
  return text === '' ? '' : `${text},`;
}

/** An event that was prepared was seen to take about 400 bytes besides its text. */
function bytesOf({ timeline, state }: PreparedRoom): number {
  return [...timeline, ...state].reduce(
    (sum, { text, redaction, replaced }) =>
      sum + 400 + textBytes(text) + textBytes(redaction) + textBytes(replaced?.text ?? ''),
    1_000,
  );
}

/** One byte for a character, two for each where one is beyond Latin-1. */
function textBytes(text: string): number {
  return /[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length;
}
