import { mayUserSee, readHistoryVisibility, type Membership } from '../../matrix/visibility/history-visibility.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { hasExpired } from '../retention/has-expired.ts';
import { stateEventId } from '../state/state-at.ts';
import type { StateInterval } from '../state-store.ts';
import type { RoomStore, StoredEvent } from '../store.ts';

type Store = Pick<RoomStore, 'state' | 'events' | 'localUsers' | 'retention'>;

/** What of an event decides who may see it. */
export interface SeenEvent extends Pick<
  StoredEvent,
  'pos' | 'history' | 'before' | 'visibility' | 'receivedTs' | 'isExpired'
> {
  readonly pdu: Pick<StoredEvent['pdu'], 'type' | 'stateKey' | 'originServerTs' | 'content'>;
}

/** What one user may see of the room: a pure function of the room's tables, and of the time where messages expire. */
export interface Sight {
  readonly userId: UserId;
  maySee(event: SeenEvent): boolean;
  /** The user's membership on the main line at a position. */
  membershipAt(pos: number): Membership;
  /** The user's membership at an event, the change by the event itself included. */
  membershipWith(event: SeenEvent): Membership;
  readonly intervals: readonly StateInterval[];
  /** Messages of this time (ms) and before have left the room; `undefined`: none. */
  readonly horizon: number | undefined;
}

export function sightOf(store: Store, userId: UserId): Sight {
  const intervals = rememberedBy(store, userId);
  const lastJoin = intervals.findLast(({ membership }) => membership === 'join')?.toPos ?? -1;
  const membershipAt = (pos: number): Membership =>
    asMembership(intervals.find(({ fromPos, toPos }) => fromPos <= pos && toPos > pos)?.membership);
  const membershipBefore = (event: SeenEvent): Membership => {
    // A live event's position lies before those of the state rows it caused.
    if (event.pos !== undefined) return membershipAt(event.pos);
    if (event.before === undefined) return 'leave';
    const held = stateEventId(store, event.before, 'm.room.member', userId);
    return asMembership(held === undefined ? undefined : membershipIn(store, held));
  };
  const own = (event: SeenEvent): Membership | undefined =>
    event.pdu.type === 'm.room.member' && event.pdu.stateKey === userId
      ? asMembership(event.pdu.content['membership'])
      : undefined;
  return {
    userId,
    intervals,
    horizon: store.retention.horizon(),
    membershipAt,
    membershipWith: (event) => own(event) ?? membershipBefore(event),
    maySee: (event) => {
      if (hasExpired(store, event)) return false;
      const after = own(event);
      const membership = { before: membershipBefore(event), ...(after === undefined ? {} : { after }) };
      return mayUserSee(
        { before: readHistoryVisibility({ history_visibility: event.visibility ?? 'joined' }) },
        { membership, joinedLater: lastJoin > (event.history?.anchor ?? 0) },
      );
    },
  };
}

/** Who forgot the room has never been in it, until they come back. Source: `POST /rooms/{roomId}/forget`. */
function rememberedBy(store: Store, userId: UserId): readonly StateInterval[] {
  const intervals = store.state.memberships(userId);
  const forgottenAt = intervals.length === 0 ? undefined : store.localUsers.forgottenAt(userId);
  if (forgottenAt === undefined) return intervals;
  const isBack = ({ fromPos, membership }: StateInterval) => fromPos > forgottenAt && membership === 'join';
  return intervals.some(isBack) ? intervals : [];
}

function membershipIn(store: Store, eventId: EventId): unknown {
  return store.events.get(eventId)?.pdu.content['membership'];
}

function asMembership(value: unknown): Membership {
  return value === 'join' || value === 'invite' || value === 'knock' || value === 'ban' ? value : 'leave';
}
