import { isSearchedType } from '../../matrix/discovery/event-text.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { editedBy, eventTexts } from '../find/event-texts.ts';
import type { RoomStore, StreamRow } from '../store.ts';
import { streamRows } from './stream-rows.ts';

const MAX_EVENTS = 50;

/** What a range of the stream means to the database of search: `to` is where the reading ended. */
export function searchRange(store: RoomStore, from: number, to: number) {
  const changed = new Set<EventId>();
  let end = to;
  for (const row of streamRows(store, from, to)) {
    if (row.kind !== 'event' && row.kind !== 'redacted') continue;
    if (changed.size >= MAX_EVENTS) {
      end = row.pos - 1;
      break;
    }
    const event = store.events.get(row.eventId);
    if (event === undefined || !isSearchedType(event.pdu.type)) continue;
    changed.add(event.pdu.eventId).add(editedIn(row) ?? editedBy(event));
  }
  return {
    range: {
      roomId: store.meta.roomId(),
      asOf: store.stream.head(),
      texts: eventTexts(store, changed),
      completes: from === 0,
    },
    to: end,
  };
}

/** A redacted edit says no more what it edited. */
const editedIn = (row: StreamRow): EventId | undefined => (row.kind === 'redacted' ? row.edited : undefined);
