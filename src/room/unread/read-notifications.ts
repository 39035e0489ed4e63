import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { comparePlaces, type NotificationPlace } from '../../matrix/push-rules/notification-place.ts';
import type { PushAction } from '../../matrix/push-rules/ruleset.ts';
import { render } from '../read/render.ts';
import { sightOf } from '../read/sight.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { wholeVerdicts } from './push-verdicts.ts';
import { MAIN, readMarks, type ReadMarks, type UnreadReader } from './unread-counts.ts';

export interface NotificationsQuery extends UnreadReader {
  readonly scope: string;
  /** Only what stands behind it in the list. */
  readonly after?: NotificationPlace;
  readonly limit: number;
  readonly onlyHighlights: boolean;
}

export interface RoomNotification {
  readonly place: NotificationPlace;
  readonly actions: readonly PushAction[];
  readonly event: ClientEventWithoutRoomId;
  readonly read: boolean;
}

export interface RoomNotifications {
  /** The newest first. */
  readonly notifications: readonly RoomNotification[];
  /** Where the search ended; `undefined`: there is nothing more behind it. */
  readonly reached: NotificationPlace | undefined;
}

/** Events that one call looks at. */
const MAX_SCANNED = 500;
const CHUNK = 100;
const NOTHING: RoomNotifications = { notifications: [], reached: undefined };

/**
 * What the user was notified of since they joined, or that they are invited, by their rules as they are now.
 * Source: Client-Server API, "Listing Notifications".
 */
export function readNotifications(store: RoomStore, query: NotificationsQuery, now: number): RoomNotifications {
  const { userId } = query;
  const head = store.stream.head();
  const sight = sightOf(store, userId);
  const held = sight.membershipAt(head);
  if (held === 'invite') return ofInvitation(store, query, sight, now);
  if (held !== 'join') return NOTHING;
  const joinedAt = sight.intervals.findLast(({ membership }) => membership === 'join')?.fromPos ?? 0;
  const reader = { sight, scope: query.scope, now };
  const marks = readMarks(store, userId);
  const verdictOf = wholeVerdicts(store, query, head);
  const notifications: RoomNotification[] = [];
  let reached: NotificationPlace | undefined;
  let scanned = 0;
  for (const event of eventsBack(store, joinedAt, lastReceivedBy(store, query.after?.ts, joinedAt, head))) {
    const place = placeOf(store, event);
    if (query.after !== undefined && comparePlaces(place, query.after) <= 0) continue;
    if (scanned === MAX_SCANNED || notifications.length === query.limit) return { notifications, reached };
    scanned += 1;
    reached = place;
    if (query.ignoredUsers.includes(event.pdu.sender)) continue;
    const { isNotified, isHighlighted, actions } = verdictOf(event.pdu.eventId);
    if (!isNotified || (query.onlyHighlights && !isHighlighted)) continue;
    notifications.push({ place, actions, event: render(store, event, reader), read: isRead(store, event, marks) });
  }
  return { notifications, reached: undefined };
}

/** Nothing of the room is to be seen yet but the invitation, which nobody reads before it is answered. */
function ofInvitation(
  store: RoomStore,
  query: NotificationsQuery,
  sight: ReturnType<typeof sightOf>,
  now: number,
): RoomNotifications {
  const { eventId } = sight.intervals.findLast((interval) => interval.membership === 'invite') ?? {};
  const event = eventId === undefined ? undefined : store.events.get(eventId);
  if (event === undefined || query.ignoredUsers.includes(event.pdu.sender)) return NOTHING;
  const place = placeOf(store, event);
  if (query.after !== undefined && comparePlaces(place, query.after) <= 0) return NOTHING;
  const { isNotified, isHighlighted, actions } = wholeVerdicts(store, query, store.stream.head())(event.pdu.eventId);
  if (!isNotified || (query.onlyHighlights && !isHighlighted)) return NOTHING;
  const shown = render(store, event, { sight, scope: query.scope, now });
  return { notifications: [{ place, actions, event: shown, read: false }], reached: undefined };
}

function placeOf(store: RoomStore, event: StoredEvent): NotificationPlace {
  return { ts: event.receivedTs, roomId: store.meta.roomId(), anchor: event.history?.anchor ?? 0 };
}

/** The live events of `(from, to]`, the newest first. */
function* eventsBack(store: RoomStore, from: number, to: number): Iterable<StoredEvent> {
  for (let at = to; at > from;) {
    const ids = store.history.newest(from, at, CHUNK);
    for (const id of ids) {
      const event = store.events.get(id);
      if (event === undefined) continue;
      at = (event.history?.anchor ?? 0) - 1;
      yield event;
    }
    if (ids.length < CHUNK) return;
  }
}

/** A position of `(from, to]` up to which everything was received at `ts` or earlier; events come in that order. */
function lastReceivedBy(store: RoomStore, ts: number | undefined, from: number, to: number): number {
  if (ts === undefined) return to;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [id] = store.history.newest(from, middle, 1);
    const event = id === undefined ? undefined : store.events.get(id);
    if (event === undefined || event.receivedTs <= ts) low = middle;
    else high = middle - 1;
  }
  return low;
}

function isRead(store: RoomStore, event: StoredEvent, { all, threads }: ReadMarks): boolean {
  const anchor = event.history?.anchor ?? 0;
  return anchor <= all || anchor <= (threads.get(store.history.threadOf(event.pdu.eventId) ?? MAIN) ?? 0);
}
