import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import type { PushAction } from '../../matrix/push-rules/ruleset.ts';
import { sightOf } from '../read/sight.ts';
import { authStateOf } from '../state/state-at.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { wholeVerdicts } from './push-verdicts.ts';
import { unreadCounts, type UnreadReader } from './unread-counts.ts';

export interface PushesQuery {
  readonly from: number;
  readonly to: number;
  readonly users: readonly UnreadReader[];
}

/** An event that a user is notified of, with what a push gateway may be told of it. */
export interface RoomPush {
  readonly eventId: EventId;
  readonly roomId: RoomId;
  readonly type: string;
  readonly sender: UserId;
  readonly actions: readonly PushAction[];
  /** It is the membership of the user. */
  readonly isTarget: boolean;
  readonly senderName?: string;
  readonly roomName?: string;
  readonly roomAlias?: string;
  readonly content?: JsonObject;
}

export interface UserPushes {
  readonly userId: UserId;
  /** Oldest first. */
  readonly pushes: readonly RoomPush[];
  /** What they have unread at the end of the range. */
  readonly unread: number;
}

/** Events of a range that are looked at, the newest: who was away for longer is not told of all. */
const MAX_EVENTS = 100;
/** What push gateways pass on is smaller still. */
const MAX_CONTENT = 4_096;

/** What each of these users is notified of in a range, and what they have unread: for users with pushers. */
export function readPushes(store: RoomStore, { from, to, users }: PushesQuery): readonly UserPushes[] {
  const events = store.history.newest(from, to, MAX_EVENTS).toReversed();
  return users.map((user) => {
    const sight = sightOf(store, user.userId);
    const membership = sight.membershipAt(to);
    if (membership === 'invite') {
      const { fromPos = 0, eventId } = sight.intervals.findLast((interval) => interval.membership === 'invite') ?? {};
      const isNew = eventId !== undefined && fromPos > from;
      return { userId: user.userId, pushes: isNew ? pushesOf(store, user, [eventId], to) : [], unread: 0 };
    }
    if (membership !== 'join') return { userId: user.userId, pushes: [], unread: 0 };
    const joinedAt = sight.intervals.findLast((interval) => interval.membership === 'join')?.fromPos ?? 0;
    const since = events.filter((eventId) => (store.events.get(eventId)?.pos ?? 0) > joinedAt);
    const { main, threads } = unreadCounts(store, user, sight, to);
    const unread = [main, ...Object.values(threads)].reduce((sum, counts) => sum + counts.notification_count, 0);
    return { userId: user.userId, pushes: pushesOf(store, user, since, to), unread };
  });
}

function pushesOf(store: RoomStore, user: UnreadReader, eventIds: readonly EventId[], to: number): readonly RoomPush[] {
  const verdictOf = wholeVerdicts(store, user, to);
  return eventIds.flatMap((eventId) => {
    const event = store.events.get(eventId);
    if (event === undefined || user.ignoredUsers.includes(event.pdu.sender)) return [];
    const { isNotified, actions } = verdictOf(eventId);
    return isNotified ? [pushOf(store, event, { userId: user.userId, actions, to })] : [];
  });
}

function pushOf(
  store: RoomStore,
  { pdu }: StoredEvent,
  { userId, actions, to }: { readonly userId: UserId; readonly actions: readonly PushAction[]; readonly to: number },
): RoomPush {
  const text = (type: string, stateKey: string, key: string) => {
    const value = authStateOf(store, { pos: to, group: null })(type, stateKey)?.content[key];
    return typeof value === 'string' && value !== '' && value.length <= MAX_CONTENT ? value : undefined;
  };
  const senderName = text('m.room.member', pdu.sender, 'displayname');
  const roomName = text('m.room.name', '', 'name');
  const roomAlias = text('m.room.canonical_alias', '', 'alias');
  const content = plainJson(pdu.content);
  return {
    eventId: pdu.eventId,
    roomId: pdu.roomId,
    type: pdu.type,
    sender: pdu.sender,
    actions,
    isTarget: pdu.type === 'm.room.member' && pdu.stateKey === userId,
    ...(senderName === undefined ? {} : { senderName }),
    ...(roomName === undefined ? {} : { roomName }),
    ...(roomAlias === undefined ? {} : { roomAlias }),
    ...(JSON.stringify(content).length > MAX_CONTENT ? {} : { content }),
  };
}
