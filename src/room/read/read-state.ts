import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { forbidden, notFound } from '../../matrix/error.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { isWorldReadable, requireReadable } from './read-messages.ts';
import { render, type Reader } from './render.ts';
import { sightOf, type Sight } from './sight.ts';

interface Who {
  readonly userId: UserId;
  readonly scope: string;
}

/**
 * The position whose state a user may read: now while joined (or where everybody may read), else that at which they
 * left. Throws `M_FORBIDDEN` for who was never in. Source: Client-Server API, "Getting events for a room".
 */
function readablePosition(store: RoomStore, who: Who): { readonly pos: number; readonly reader: Omit<Reader, 'now'> } {
  const sight = sightOf(store, who.userId);
  requireReadable(store, sight);
  const head = store.stream.head();
  const reader = { sight, scope: who.scope };
  const lastJoin = sight.intervals.findLast(({ membership }) => membership === 'join');
  const isOpen = lastJoin === undefined || isWorldReadable(store);
  return { pos: isOpen ? head : Math.min(head, lastJoin.toPos), reader };
}

/** `GET /rooms/{roomId}/state`. */
export function readState(store: RoomStore, who: Who, now: number): readonly ClientEventWithoutRoomId[] {
  const { pos, reader } = readablePosition(store, who);
  return eventsOf(store, store.state.allAt(pos).values()).map((event) => render(store, event, { ...reader, now }));
}

/** `GET /rooms/{roomId}/state/{eventType}/{stateKey}`; throws `M_NOT_FOUND`. */
export function readStateEvent(
  store: RoomStore,
  who: Who & { readonly type: string; readonly stateKey: string },
  now: number,
): ClientEventWithoutRoomId {
  const { pos, reader } = readablePosition(store, who);
  const eventId = store.state.at(who.type, who.stateKey, pos);
  const event = eventId === undefined ? undefined : store.events.get(eventId);
  if (event === undefined) throw notFound('The room has no such state');
  return render(store, event, { ...reader, now });
}

export interface MembersQuery extends Who {
  readonly membership?: string;
  readonly notMembership?: string;
  /** The room as it was at this position. */
  readonly at?: number;
}

/** `GET /rooms/{roomId}/members`. */
export function readMembers(store: RoomStore, query: MembersQuery, now: number): readonly ClientEventWithoutRoomId[] {
  const { pos, reader } = readablePosition(store, query);
  const memberships = ['join', 'invite', 'leave', 'ban', 'knock']
    .filter((membership) => query.membership === undefined || membership === query.membership)
    .filter((membership) => membership !== query.notMembership);
  const ids = memberships.flatMap((membership) =>
    store.state.membersAt(membership, Math.min(pos, query.at ?? pos)).map(({ eventId }) => eventId),
  );
  return eventsOf(store, ids).map((event) => render(store, event, { ...reader, now }));
}

export interface JoinedMember {
  readonly display_name?: string;
  readonly avatar_url?: string;
}

/** `GET /rooms/{roomId}/joined_members`; only for who is joined. */
export function readJoinedMembers(store: RoomStore, userId: UserId): Readonly<Record<string, JoinedMember>> {
  const head = store.stream.head();
  if (sightOf(store, userId).membershipAt(head) !== 'join') throw forbidden('You are not in this room');
  const joined: Record<string, JoinedMember> = {};
  for (const { userId: member, eventId } of store.state.membersAt('join', head)) {
    const content = store.events.get(eventId)?.pdu.content ?? {};
    const { displayname, avatar_url: avatarUrl } = content;
    joined[member] = {
      ...(typeof displayname === 'string' ? { display_name: displayname } : {}),
      ...(typeof avatarUrl === 'string' ? { avatar_url: avatarUrl } : {}),
    };
  }
  return joined;
}

/** `GET /rooms/{roomId}/event/{eventId}`; an event that the user may not see is not found. */
export function readEvent(
  store: RoomStore,
  who: Who & { readonly eventId: EventId; readonly ignoredUsers?: readonly UserId[] },
  now: number,
): ClientEventWithoutRoomId {
  const { userId, scope, ignoredUsers = [] } = who;
  const sight = sightOf(store, userId);
  const event = requireShown(store, sight, who.eventId);
  const [shown] = renderWithRelations(store, [event], { sight, scope, now, ignoredUsers });
  if (shown === undefined) throw new Error('an event was not rendered');
  return shown;
}

/**
 * Throws `M_NOT_FOUND`. A soft-failed event is shown only as what it may be: the state of the room.
 * Source: Server-Server API, "Soft failure".
 */
export function requireShown(store: RoomStore, sight: Sight, eventId: EventId): StoredEvent {
  const event = store.events.get(eventId);
  const isShown =
    event !== undefined &&
    (event.status === 'accepted' || (event.status === 'soft_failed' && isCurrentState(store, event)));
  if (!isShown || !sight.maySee(event)) throw notFound('There is no such event, or you may not see it');
  return event;
}

function isCurrentState(store: RoomStore, { pdu }: StoredEvent): boolean {
  const { type, stateKey, eventId } = pdu;
  return stateKey !== undefined && store.state.at(type, stateKey, store.stream.head()) === eventId;
}

export function eventsOf(store: RoomStore, ids: Iterable<EventId>): readonly StoredEvent[] {
  return [...ids].map((id) => store.events.get(id)).filter((event) => event !== undefined);
}
