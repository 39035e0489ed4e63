import type { EventId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, RoomStore } from '../store.ts';

/**
 * The place of the earliest event that follows an event, directly or past children that have no place of their own
 * (rejected, soft-failed, redactions that wait). A child of an event that we did not have stands above a hole: of a
 * join, of an event that came with a claim of state, or of history that was fetched.
 */
export function lowestChild(store: Pick<RoomStore, 'events'>, eventId: EventId): HistoryKey | undefined {
  let lowest: HistoryKey | undefined;
  const seen = new Set<EventId>();
  const open = [...store.events.children(eventId)];
  for (let childId = open.pop(); childId !== undefined; childId = open.pop()) {
    if (seen.has(childId)) continue;
    seen.add(childId);
    const child = store.events.get(childId);
    if (child?.history === undefined) {
      if (child?.after !== undefined) open.push(...store.events.children(childId));
    } else if (lowest === undefined || isBelow(child.history, lowest)) lowest = child.history;
  }
  return lowest;
}

function isBelow(key: HistoryKey, other: HistoryKey): boolean {
  return key.anchor === other.anchor ? key.sub < other.sub : key.anchor < other.anchor;
}
