import type { EventId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, RoomStore } from '../store.ts';

/**
 * The place of the earliest of an event's children that have one. A child of an event that we did not have stands
 * above a hole: of a join, of an event that came with a claim of state, or of history that was fetched.
 */
export function lowestChild(store: Pick<RoomStore, 'events'>, eventId: EventId): HistoryKey | undefined {
  let lowest: HistoryKey | undefined;
  for (const childId of store.events.children(eventId)) {
    const key = store.events.get(childId)?.history;
    if (key !== undefined && (lowest === undefined || isBelow(key, lowest))) lowest = key;
  }
  return lowest;
}

function isBelow(key: HistoryKey, other: HistoryKey): boolean {
  return key.anchor === other.anchor ? key.sub < other.sub : key.anchor < other.anchor;
}
