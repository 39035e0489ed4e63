import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/**
 * What is missing right before an event in the history: parents that are not in the graph, its own or those of events
 * before it that have no place (rejected, soft-failed, redactions that wait).
 */
export function holesBelow(store: Pick<RoomStore, 'events'>, pdu: Pdu): readonly EventId[] {
  const holes: EventId[] = [];
  const seen = new Set<EventId>();
  const open = [...pdu.prevEvents];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const parent = store.events.get(id);
    if (parent?.history !== undefined) continue;
    if (parent?.after === undefined) holes.push(id);
    else open.push(...parent.pdu.prevEvents);
  }
  return holes;
}
