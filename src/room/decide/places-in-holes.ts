import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, RoomStore } from '../store.ts';
import { lowestChild } from './lowest-child.ts';

/**
 * The places of those events of a batch that something of ours follows, directly or through others of the batch: each
 * in the hole below the earliest of its children. A batch may fill several holes.
 * @param sorted oldest first; none of them is in the graph.
 */
export function placesInHoles(
  store: Pick<RoomStore, 'events' | 'history'>,
  sorted: readonly Pdu[],
): ReadonlyMap<EventId, HistoryKey> {
  const children = new Map<EventId, EventId[]>();
  for (const pdu of sorted) {
    for (const id of pdu.prevEvents) children.set(id, [...(children.get(id) ?? []), pdu.eventId]);
  }
  const places = new Map<EventId, HistoryKey>();
  const nextSub = new Map<number, number>();
  for (const { eventId } of sorted.toReversed()) {
    const inBatch = (children.get(eventId) ?? []).map((id) => places.get(id)?.anchor).filter((at) => at !== undefined);
    const known = lowestChild(store, eventId)?.anchor;
    if (known === undefined && inBatch.length === 0) continue;
    const anchor = Math.min(...inBatch, ...(known === undefined ? [] : [known]));
    const sub = (nextSub.get(anchor) ?? store.history.lowestSub(anchor)) - 1;
    nextSub.set(anchor, sub);
    places.set(eventId, { anchor, sub });
  }
  return places;
}
