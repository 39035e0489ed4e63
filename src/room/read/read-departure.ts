import { passesFilter } from '../../matrix/event/event-filter.ts';
import type { RoomStore } from '../store.ts';
import { tokenBefore } from './history-point.ts';
import type { SyncQuery, SyncRoom } from './read-sync.ts';
import { render } from './render.ts';
import type { Sight } from './sight.ts';

/**
 * The end of a membership that was no join, in the range of a sync: an invitation rejected or withdrawn, a ban. Nothing
 * else of the room is the user's to see, but that event is about them, and holds its reason.
 */
export function readDeparture(store: RoomStore, query: SyncQuery, sight: Sight, now: number): SyncRoom | undefined {
  const held = sight.intervals.findLast(({ fromPos }) => fromPos <= query.to);
  const event = held === undefined ? undefined : store.events.get(held.eventId);
  const isNews = held !== undefined && held.fromPos > (query.from ?? -1);
  if (event === undefined || !isNews || (held?.membership !== 'leave' && held?.membership !== 'ban')) return undefined;
  const reader = { sight, scope: query.scope, now, isRaw: query.isRaw === true };
  const isWanted = passesFilter(query.timelineFilter, event.pdu) && query.timelineLimit > 0;
  return {
    to: query.to,
    membership: held.membership,
    limited: false,
    timeline: isWanted ? [render(store, event, reader)] : [],
    // There is nothing to read before it yet: it is for who comes into the room later, and pages back from here.
    prevBatch: tokenBefore(isWanted ? event : undefined, query.to),
    state: [],
    receipts: undefined,
    summary: undefined,
    unread: { main: { notification_count: 0, highlight_count: 0 }, threads: {} },
    owed: false,
  };
}
