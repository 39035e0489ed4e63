// What reads for both kinds of sync have in common: which part of the room's stream somebody is shown, and how.
import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { splitStateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import { relatedByFilter } from '../relations/related-by.ts';
import { isLongGone } from '../retention/has-expired.ts';
import type { ReceiptRow, RoomStore, StoredEvent } from '../store.ts';
import { isIgnored } from './ignored.ts';
import { render, type Reader } from './render.ts';
import type { Sight } from './sight.ts';

/** Rows of a range that are looked at for a timeline before it is called limited. */
export const MAX_SCANNED = 2_000;
/** Messages one below the other that have expired, below which nobody looks for more. */
const MAX_GONE = 100;
/** Rows that are looked at first, beyond those that are wanted, and then at a time. */
const FIRST_MORE = 4;
const CHUNK = 200;

/** Who asks for a timeline, and for what. */
export interface TimelineQuery {
  readonly userId: UserId;
  readonly timelineLimit: number;
  readonly timelineFilter: EventFilter;
  readonly ignoredUsers: readonly UserId[];
}

/** The user reads up to the decision in which they stopped being joined, and that included. */
export function cutWhereLeft(sight: Sight, to: number): number | undefined {
  const known = sight.intervals.filter(({ fromPos }) => fromPos <= to);
  const lastJoin = known.findLast(({ membership }) => membership === 'join');
  if (lastJoin === undefined) return undefined;
  return Math.min(to, lastJoin.toPos);
}

/** The position before the user's last join, if they were not joined all through the range; 0 where nothing is known. */
export function newlyJoinedAt(
  store: RoomStore,
  sight: Sight,
  from: number | undefined,
  to: number,
): number | undefined {
  const joins = sight.intervals.filter(({ membership, fromPos }) => membership === 'join' && fromPos <= to);
  let run = joins.pop();
  if (from === undefined || run === undefined) return 0;
  // A change of the profile makes an interval of its own: the run of them began with the join.
  let earlier = joins.pop();
  for (; earlier?.toPos === run.fromPos; earlier = joins.pop()) run = earlier;
  if (run.fromPos <= from) return undefined;
  const pos = store.events.get(run.eventId)?.pos;
  // A join that lost its place in the state and came back was shown long ago, with what followed it.
  const isShown = pos === undefined || (earlier !== undefined && pos <= earlier.toPos);
  return Math.max(0, (isShown ? run.fromPos : pos) - 1);
}

export interface Timeline {
  /** Oldest first. */
  readonly events: readonly StoredEvent[];
  readonly limited: boolean;
  /** The newest that was left out for the limit. */
  readonly next: StoredEvent | undefined;
}

export function readTimeline(
  store: RoomStore,
  query: TimelineQuery,
  sight: Pick<Sight, 'maySee'>,
  range: { readonly from: number; readonly to: number },
): Timeline {
  const gap = store.stream.lastGap(range.from, range.to);
  const events: StoredEvent[] = [];
  const done = (limited: boolean, next?: StoredEvent) => ({ events: events.toReversed(), limited, next });
  let gone = 0;
  let scanned = 0;
  for (const { event, isRelated } of eventsBack(store, query, gap ?? range.from, range.to)) {
    scanned += 1;
    gone = event !== undefined && isLongGone(store, event) ? gone + 1 : 0;
    if (gone === MAX_GONE) return done(true);
    if (event === undefined || !isRelated || !isWanted(event, query, sight)) continue;
    if (events.length === query.timelineLimit) return done(true, event);
    events.push(event);
  }
  return done(gap !== undefined || scanned === MAX_SCANNED);
}

interface Scanned {
  readonly event: StoredEvent | undefined;
  /** Whether what relates to it is what the filter asks for. */
  readonly isRelated: boolean;
}

/** The newest rows of a range, newest first: a few at a time, since most reads end with the first of them. */
function* eventsBack(store: RoomStore, query: TimelineQuery, from: number, to: number): Iterable<Scanned> {
  let size = Math.min(query.timelineLimit + FIRST_MORE, MAX_SCANNED);
  let end = to;
  for (let left = MAX_SCANNED; left > 0; size = Math.min(CHUNK, left)) {
    const ids = store.history.newest(from, end, size);
    const events = store.events.several(ids);
    const isRelated = relatedByFilter(store, query.timelineFilter, ids);
    for (const id of ids) yield { event: events.get(id), isRelated: isRelated(id) };
    const last = ids.at(-1);
    const anchor = last === undefined ? undefined : events.get(last)?.history?.anchor;
    if (ids.length < size || anchor === undefined) return;
    end = anchor - 1;
    left -= ids.length;
  }
}

function isWanted(event: StoredEvent, query: TimelineQuery, sight: Pick<Sight, 'maySee'>): boolean {
  return !isIgnored(event, query.ignoredUsers) && passesFilter(query.timelineFilter, event.pdu) && sight.maySee(event);
}

/** Who gets everything that is new has been given, or is given with it, what relates to it. */
export function renderTimeline(
  store: RoomStore,
  events: readonly StoredEvent[],
  reader: Reader,
  withRelations: boolean,
): readonly ClientEventWithoutRoomId[] {
  return withRelations
    ? renderWithRelations(store, events, reader)
    : events.map((event) => render(store, event, reader));
}

/** Nobody else is told of a private receipt, and nobody of those of users whom they ignore. */
export function mayKnowReceipt(
  { type, userId }: ReceiptRow,
  reader: Pick<TimelineQuery, 'userId' | 'ignoredUsers'>,
): boolean {
  return userId === reader.userId || (type !== 'm.read.private' && !reader.ignoredUsers.includes(userId));
}

export function memberChanged(store: RoomStore, from: number | undefined, to: number): boolean {
  return from === undefined || store.stream.hasMemberRow(from, to);
}

export function* valuesAt(store: RoomStore, tuples: Iterable<StateTuple>, pos: number): Iterable<EventId> {
  for (const tuple of tuples) {
    const { type, stateKey } = splitStateTuple(tuple);
    const id = store.state.at(type, stateKey, pos);
    if (id !== undefined) yield id;
  }
}
