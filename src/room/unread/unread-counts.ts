import type { UserId } from '../../matrix/ids/brands.ts';
import { pushVerdicts, type PushReader } from './push-verdicts.ts';
import type { RoomStore } from '../store.ts';
import type { Sight } from '../read/sight.ts';

export interface UnreadCounts {
  readonly notification_count: number;
  readonly highlight_count: number;
}

/** Of the main timeline, and of each thread that has some. */
export interface UnreadByThread {
  readonly main: UnreadCounts;
  readonly threads: Readonly<Record<string, UnreadCounts>>;
}

export interface UnreadReader extends PushReader {
  readonly ignoredUsers: readonly UserId[];
}

/** How far a user has read: in any thread, and in single ones. */
export interface ReadMarks {
  readonly all: number;
  readonly threads: ReadonlyMap<string, number>;
}

export const MAIN = 'main';
const NONE: UnreadCounts = { notification_count: 0, highlight_count: 0 };

/**
 * Counts from the join on what the user has neither read nor answered, among the newest 1,000 events: by their push
 * rules as they are now, without what ignored users say. Source: Client-Server API, "Receiving notifications".
 */
export function unreadCounts(store: RoomStore, reader: UnreadReader, sight: Sight, to: number): UnreadByThread {
  if (sight.membershipAt(to) !== 'join') return { main: NONE, threads: {} };
  const joinedAt = sight.intervals.findLast(({ membership }) => membership === 'join')?.fromPos ?? 0;
  const marks = readMarks(store, reader.userId);
  const readTo = new Map(marks.threads);
  const verdictOf = pushVerdicts(store, reader, to);
  const ignored = new Set(reader.ignoredUsers);
  const counts = new Map<string, UnreadCounts>();
  const { horizon = -Infinity } = sight;
  const recent = store.recent.between(Math.max(joinedAt, marks.all), to);
  for (const event of recent.filter(({ stateKey, ts }) => stateKey !== undefined || ts > horizon).toReversed()) {
    const thread = event.thread ?? MAIN;
    const read = readTo.get(thread) ?? 0;
    // Who says something has read what was said before it.
    if (event.sender === reader.userId) readTo.set(thread, Math.max(read, event.anchor));
    else if (event.anchor > read && !ignored.has(event.sender)) {
      const { isNotified, isHighlighted } = verdictOf(event);
      if (!isNotified) continue;
      const held = counts.get(thread) ?? NONE;
      counts.set(thread, {
        notification_count: held.notification_count + 1,
        highlight_count: held.highlight_count + (isHighlighted ? 1 : 0),
      });
    }
  }
  const { [MAIN]: main = NONE, ...threads } = Object.fromEntries(counts);
  return { main, threads };
}

/**
 * By public and private receipts alike; an unthreaded one is for all threads.
 * Source: Client-Server API, "Marking notifications as read".
 */
export function readMarks(store: Pick<RoomStore, 'events' | 'receipts'>, userId: UserId): ReadMarks {
  let all = 0;
  const threads = new Map<string, number>();
  for (const { threadId, eventId } of store.receipts.of(userId)) {
    const anchor = store.events.get(eventId)?.history?.anchor ?? 0;
    if (threadId === '') all = Math.max(all, anchor);
    else threads.set(threadId, Math.max(threads.get(threadId) ?? 0, anchor));
  }
  return { all, threads };
}
