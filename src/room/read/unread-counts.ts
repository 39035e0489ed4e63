import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import type { Sight } from './sight.ts';

export interface UnreadCounts {
  readonly notification_count: number;
  readonly highlight_count: number;
}

const MAX_COUNT = 1_000;

/** What the default push rules notify of. */
const NOTIFYING_TYPES = ['m.room.message', 'm.room.encrypted'];

/** Counts from the user's own unthreaded receipt on, or from the join. */
export function unreadCounts(store: RoomStore, userId: UserId, sight: Sight, to: number): UnreadCounts {
  if (sight.membershipAt(to) !== 'join') return { notification_count: 0, highlight_count: 0 };
  let read = sight.intervals.findLast(({ membership }) => membership === 'join')?.fromPos ?? 0;
  for (const { threadId, eventId } of store.receipts.of(userId)) {
    if (threadId !== '') continue;
    read = Math.max(read, store.events.get(eventId)?.history?.anchor ?? 0);
  }
  return { notification_count: store.history.countAfter(read, userId, NOTIFYING_TYPES, MAX_COUNT), highlight_count: 0 };
}
