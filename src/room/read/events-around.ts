import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import { relatedByFilter } from '../relations/related-by.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import { isIgnored } from './ignored.ts';
import { eventsOf } from './read-state.ts';
import { pointAfter } from './history-point.ts';
import type { Reader } from './render.ts';

/** What a reader may see next to a place of the history: the nearest first, both ways. */
export function eventsAround(
  store: RoomStore,
  place: HistoryKey,
  wanted: { readonly before: number; readonly after: number; readonly filter: EventFilter },
  { sight, ignoredUsers = [] }: Reader,
): { readonly before: readonly StoredEvent[]; readonly after: readonly StoredEvent[] } {
  const { filter } = wanted;
  const take = (point: HistoryKey, dir: 'b' | 'f', limit: number) => {
    if (limit === 0) return [];
    const ids = store.history.page(point, dir, limit * 4);
    const isRelated = relatedByFilter(store, filter, ids);
    return eventsOf(store, ids)
      .filter((other) => passesFilter(filter, other.pdu) && isRelated(other.pdu.eventId))
      .filter((other) => !isIgnored(other, ignoredUsers) && sight.maySee(other))
      .slice(0, limit);
  };
  return { before: take(place, 'b', wanted.before), after: take(pointAfter(place), 'f', wanted.after) };
}
