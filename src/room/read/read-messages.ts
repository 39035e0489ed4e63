import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { forbidden } from '../../matrix/error.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import { relatedByFilter } from '../relations/related-by.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import { isLongGone } from '../retention/has-expired.ts';
import { aboveHoles } from './above-holes.ts';
import { pointAfter, pointToken } from './history-point.ts';
import { isIgnored } from './ignored.ts';
import { render, type Reader } from './render.ts';
import { sightOf, type Sight } from './sight.ts';

export interface MessagesQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly dir: 'b' | 'f';
  /** `undefined`: from the newest (`b`) or the oldest (`f`) event. */
  readonly from: HistoryKey | undefined;
  readonly to: HistoryKey | undefined;
  readonly limit: number;
  readonly filter: EventFilter;
  readonly lazyLoadMembers: boolean;
  readonly ignoredUsers?: readonly UserId[];
  /** Whether a page backwards ends at the first hole below its start. */
  readonly endsAtHole?: boolean;
}

export interface Messages {
  readonly start: string;
  /** Left out at the end of the history. */
  readonly end: string | undefined;
  readonly chunk: readonly ClientEventWithoutRoomId[];
  readonly state: readonly ClientEventWithoutRoomId[];
  /** Events whose parents we lack, at or below which the page ended: to be backfilled before it is read again. */
  readonly holes: readonly EventId[];
}

/** Below everything, and a token that can be read again. */
export const OLDEST: HistoryKey = { anchor: 0, sub: -999_999_999_999_999 };
const MAX_SCANNED = 1_000;
/** So many messages one below the other that have expired, down to where a page ends, are the end of the history. */
const MAX_GONE = 500;

/** Source: Client-Server API, `GET /rooms/{roomId}/messages`. */
export function readMessages(store: RoomStore, query: MessagesQuery, now: number): Messages {
  const sight = sightOf(store, query.userId);
  requireReadable(store, sight);
  const head = store.stream.head();
  const start = query.from ?? (query.dir === 'b' ? { anchor: head, sub: 1 } : OLDEST);
  const whole = scan(store, query, sight, start);
  const holes = query.dir === 'b' ? holesAt(store, whole, start) : [];
  const page = query.endsAtHole === true ? cutAtHole(store, whole, holes, start) : whole;
  // Below a hole that could not be filled now there is more to ask for another time.
  const end = page.end ?? (holes.length === 0 ? undefined : (page.oldest ?? start));
  const { ignoredUsers = [] } = query;
  const reader: Reader = { sight, scope: query.scope, now, ignoredUsers };
  return {
    start: pointToken(start),
    end: end === undefined ? undefined : pointToken(end),
    chunk: renderWithRelations(store, page.events, reader),
    state: query.lazyLoadMembers
      ? sendersOf(store, page.events, head).map((event) => render(store, event, reader))
      : [],
    holes,
  };
}

/** Who was never in the room reads it only where it is world readable. */
export function requireReadable(store: RoomStore, sight: Sight): void {
  if (sight.intervals.some(({ membership }) => membership === 'join')) return;
  if (!isWorldReadable(store)) throw forbidden('You are not in this room');
}

/** Whether anybody may read what is said now. */
export function isWorldReadable(store: RoomStore): boolean {
  const eventId = store.state.at('m.room.history_visibility', '', store.stream.head());
  const visibility = eventId === undefined ? undefined : store.events.get(eventId)?.pdu.content['history_visibility'];
  return visibility === 'world_readable';
}

interface Page {
  readonly events: readonly StoredEvent[];
  /** Where to go on; `undefined` at the end of what we have. */
  readonly end: HistoryKey | undefined;
  readonly oldest: HistoryKey | undefined;
  readonly isAtEnd: boolean;
}

function scan(store: RoomStore, query: MessagesQuery, sight: Sight, start: HistoryKey): Page {
  const ids = store.history.page(start, query.dir, MAX_SCANNED);
  const isRelated = relatedByFilter(store, query.filter, ids);
  const isWanted = (event: StoredEvent) =>
    passesFilter(query.filter, event.pdu) &&
    isRelated(event.pdu.eventId) &&
    !isIgnored(event, query.ignoredUsers ?? []) &&
    sight.maySee(event);
  const events: StoredEvent[] = [];
  let last: HistoryKey | undefined;
  let isPast = false;
  for (const id of ids) {
    const event = store.events.get(id);
    if (event?.history === undefined) continue;
    isPast = query.to !== undefined && isBeyond(event.history, query.to, query.dir);
    if (isPast || events.length === query.limit) break;
    last = event.history;
    if (isWanted(event)) events.push(event);
  }
  const isOver = ids.length < MAX_SCANNED || (query.dir === 'b' && isGone(store, ids.slice(-MAX_GONE)));
  const isAtEnd = isPast || (isOver && events.length < query.limit);
  const next = last === undefined ? undefined : query.dir === 'b' ? last : pointAfter(last);
  return { events, end: isAtEnd ? undefined : next, oldest: last, isAtEnd };
}

function isGone(store: RoomStore, ids: readonly EventId[]): boolean {
  return ids.every((id) => {
    const event = store.events.get(id);
    return event !== undefined && isLongGone(store, event);
  });
}

/** Whether a place lies beyond another one in a direction; the other one itself does not backwards, and does forwards. */
export function isBeyond(key: HistoryKey, to: HistoryKey, dir: 'b' | 'f'): boolean {
  const isBefore = key.anchor === to.anchor ? key.sub < to.sub : key.anchor < to.anchor;
  return dir === 'b' ? isBefore : !isBefore;
}

/** Events right above holes that the page touches, newest first: its start, events of it, or what lies at its end. */
function holesAt(store: RoomStore, page: Page, start: HistoryKey): readonly EventId[] {
  const { oldest } = page;
  return [...aboveHoles(store, start)].filter((id) => {
    const key = store.events.get(id)?.history;
    return key !== undefined && (page.isAtEnd || (oldest !== undefined && !isBeyond(key, oldest, 'b')));
  });
}

/** The page down to the event above its newest hole; one that starts at that hole is left whole. */
function cutAtHole(store: RoomStore, page: Page, holes: readonly EventId[], start: HistoryKey): Page {
  const key = holes
    .map((id) => store.events.get(id)?.history)
    .find((at) => at !== undefined && isBeyond(at, start, 'b'));
  if (key === undefined) return page;
  const events = page.events.filter(({ history }) => history !== undefined && !isBeyond(history, key, 'b'));
  return { events, end: key, oldest: key, isAtEnd: false };
}

function sendersOf(store: RoomStore, events: readonly StoredEvent[], pos: number): readonly StoredEvent[] {
  return [...new Set(events.map(({ pdu }) => pdu.sender))]
    .map((sender) => store.state.at('m.room.member', sender, pos))
    .map((id) => (id === undefined ? undefined : store.events.get(id)))
    .filter((event) => event !== undefined);
}
