import type { EventId } from '../../matrix/ids/brands.ts';
import { isOld } from '../retention/has-expired.ts';
import type { HistoryKey, RoomStore } from '../store.ts';

/** Holes looked at for one answer. */
const MAX_HOLES = 20;

/**
 * Events right above holes in the history, from a place down, newest first; where messages expire, only as far as what
 * lies below may not have: it would be fetched for nobody.
 */
export function aboveHoles(store: RoomStore, from: HistoryKey): ReadonlySet<EventId> {
  const children = store.extremities.backward(from, MAX_HOLES).map(({ child }) => child);
  return new Set(
    children.filter((id) => {
      const event = store.events.get(id);
      return event !== undefined && !isOld(store, event);
    }),
  );
}
