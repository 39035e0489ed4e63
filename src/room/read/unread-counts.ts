import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import type { Sight } from './sight.ts';

export interface UnreadCounts {
  readonly notification_count: number;
  readonly highlight_count: number;
}

/** Of the main timeline, and of each thread that has some. */
export interface UnreadByThread {
  readonly main: UnreadCounts;
  readonly threads: Readonly<Record<string, UnreadCounts>>;
}

const MAX_COUNT = 1_000;
const MAIN = 'main';

/** What the default push rules notify of. */
const NOTIFYING_TYPES = ['m.room.message', 'm.room.encrypted'];

const countsOf = (count: number): UnreadCounts => ({ notification_count: count, highlight_count: 0 });

/**
 * Counts from the join on what the user has neither read nor answered: public and private receipts count alike, an
 * unthreaded one for all threads. Source: Client-Server API, "Marking notifications as read".
 */
export function unreadCounts(store: RoomStore, userId: UserId, sight: Sight, to: number): UnreadByThread {
  if (sight.membershipAt(to) !== 'join') return { main: countsOf(0), threads: {} };
  let after = sight.intervals.findLast(({ membership }) => membership === 'join')?.fromPos ?? 0;
  const read: Record<string, number> = {};
  for (const { threadId, eventId } of store.receipts.of(userId)) {
    const anchor = store.events.get(eventId)?.history?.anchor ?? 0;
    if (threadId === '') after = Math.max(after, anchor);
    else read[threadId] = Math.max(read[threadId] ?? 0, anchor);
  }
  const query = { userId, types: NOTIFYING_TYPES, after, to, threads: read, limit: MAX_COUNT };
  const { [MAIN]: main = 0, ...threads } = Object.fromEntries(store.history.unread(query));
  return {
    main: countsOf(main),
    threads: Object.fromEntries(Object.entries(threads).map(([root, count]) => [root, countsOf(count)])),
  };
}
