import type { EventId } from '../../matrix/ids/brands.ts';
import { inGraph } from '../decide/find-missing.ts';
import type { ParkedRow, RoomStore } from '../store.ts';

/**
 * The parked events that lack nothing any more once these are decided, and those that then lack nothing, and so on. One
 * whose signature was never verified, or whose decision threw, is not taken up by what arrives.
 */
export function takenUpWith(
  store: Pick<RoomStore, 'events' | 'parked'>,
  eventIds: readonly EventId[],
): readonly ParkedRow[] {
  const here = new Set(eventIds);
  const isHere = (id: EventId) => here.has(id) || inGraph(store, id);
  const rows: ParkedRow[] = [];
  const open = [...eventIds];
  for (let eventId = open.pop(); eventId !== undefined; eventId = open.pop()) {
    for (const row of store.parked.waitingFor(eventId)) {
      if (here.has(row.eventId) || !isReady(row, isHere)) continue;
      here.add(row.eventId);
      rows.push(row);
      open.push(row.eventId);
    }
  }
  return rows;
}

export function isReady({ reason, missing }: ParkedRow, isHere: (eventId: EventId) => boolean): boolean {
  return reason === 'missing' && missing.every(isHere);
}
