import type { EventId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import type { TimedEvent } from '../timed-event.ts';
import { aboveHoles } from './above-holes.ts';
import { pointAfter } from './history-point.ts';

export interface TimeQuery {
  /** Milliseconds since the epoch. */
  readonly ts: number;
  /** `f`: at or after the time, `b`: at or before it. */
  readonly dir: 'f' | 'b';
}

export interface ClosestEvent {
  readonly event: { readonly eventId: EventId; readonly originServerTs: number } | undefined;
  /** Events whose parents we lack, below which a closer one may lie. */
  readonly holes: readonly EventId[];
}

/** Events whose times are looked at together: one of them alone may say what it likes. */
const SAMPLE = 5;
/** Events on either side of the place that are compared: clocks differ. */
const AROUND = 50;
/** Events beyond these that are looked through for one that may be seen. */
const MAX_SCANNED = 1_000;

/** Below everything that has an anchor. */
const LOWEST_SUB = -999_999_999_999_999;

/**
 * The event closest to a time, in a direction, among those that may be seen. The history is in the room's own order, in
 * which times rise but for what senders claim: the place where they pass the time is searched for by halves, and the
 * events around it are compared by their times, those of the same time by the history. So no index of times is needed,
 * and a single event with a false time hides no other.
 * Source: Client-Server API, `GET /rooms/{roomId}/timestamp_to_event`.
 */
export function closestEvent(
  store: RoomStore,
  { ts, dir }: TimeQuery,
  maySee: (event: StoredEvent) => boolean,
): ClosestEvent {
  const place = placeOf(store, ts);
  const before = store.history.times(place, 'b', AROUND);
  const after = store.history.times(place, 'f', AROUND);
  const fits = (event: TimedEvent) =>
    (dir === 'f' ? event.originServerTs >= ts : event.originServerTs <= ts) && isSeen(store, event, maySee);
  // Nearest first, and of the same time the one that the direction meets first.
  const window = [...before.toReversed(), ...after];
  const ordered = dir === 'f' ? window : window.toReversed();
  const near = ordered
    .filter(fits)
    .toSorted((one, other) => Math.abs(one.originServerTs - ts) - Math.abs(other.originServerTs - ts))[0];
  const event = near ?? beyond(store, ordered.at(-1), dir, fits);
  return {
    event: event === undefined ? undefined : { eventId: event.eventId, originServerTs: event.originServerTs },
    holes: event?.originServerTs === ts ? [] : holesNear(store, window, { ts, dir }, event?.eventId),
  };
}

function isSeen(store: RoomStore, { eventId }: TimedEvent, maySee: (event: StoredEvent) => boolean): boolean {
  const event = store.events.get(eventId);
  return event !== undefined && maySee(event);
}

/** The next one that fits, past the events that were compared. */
function beyond(
  store: RoomStore,
  last: TimedEvent | undefined,
  dir: 'f' | 'b',
  fits: (event: TimedEvent) => boolean,
): TimedEvent | undefined {
  if (last === undefined) return undefined;
  const from = dir === 'f' ? pointAfter(last) : last;
  return store.history.times(from, dir, MAX_SCANNED).find(fits);
}

/** A point of the history: most of what precedes it is from before the time, most of what follows is not. */
function placeOf(store: RoomStore, ts: number): HistoryKey {
  const isLate = (point: HistoryKey): boolean => {
    const times = store.history.times(point, 'f', SAMPLE).map(({ originServerTs }) => originServerTs);
    const middle = times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)];
    return middle === undefined || middle >= ts;
  };
  const anchor = firstWhere(0, store.stream.head() + 1, (at) => isLate({ anchor: at, sub: LOWEST_SUB }));
  const point = { anchor, sub: LOWEST_SUB };
  // What was backfilled shares the anchor of the event above it.
  const [previous] = store.history.times(point, 'b', 1);
  if (previous === undefined) return point;
  const { anchor: shared } = previous;
  const sub = firstWhere(store.history.lowestSub(shared), 1, (at) => isLate({ anchor: shared, sub: at }));
  return { anchor: shared, sub };
}

/** The least number from `from` on of which something is true, at most `to`: once true, it stays so. */
function firstWhere(from: number, to: number, isTrue: (at: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Holes between the time and the event that was found: what lies in them may be closer. */
function holesNear(
  store: RoomStore,
  window: readonly TimedEvent[],
  { ts, dir }: TimeQuery,
  found: EventId | undefined,
): readonly EventId[] {
  const top = window.at(-1);
  if (top === undefined) return [];
  const children = aboveHoles(store, top);
  const foundAt = window.findIndex(({ eventId }) => eventId === found);
  return window
    .filter(({ eventId, originServerTs }, at) => {
      if (!children.has(eventId)) return false;
      // A hole lies right below the event that is above it.
      return dir === 'f' ? (foundAt < 0 || at <= foundAt) && originServerTs > ts : at > foundAt;
    })
    .map(({ eventId }) => eventId);
}
