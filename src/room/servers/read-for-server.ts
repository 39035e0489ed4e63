import { forbidden, notFound } from '../../matrix/error.ts';
import { redactPdu } from '../../matrix/event/redact.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { mayServerSee, readHistoryVisibility, type UserSight } from '../../matrix/visibility/history-visibility.ts';
import { requireKnownForServers, requireLiveForServers } from '../lifecycle.ts';
import { closestEvent, type ClosestEvent, type TimeQuery } from '../read/closest-event.ts';
import { isErasedFor } from '../read/erased.ts';
import { hasExpired, losesContent } from '../retention/has-expired.ts';
import { sightOf, type Sight } from '../read/sight.ts';
import type { AnswerRow, RoomStore, StateRef, StoredEvent } from '../store.ts';
import { requireAllowed } from './require-allowed.ts';
import { RowSet, rowSetOf } from './row-set.ts';
import { asId, asPdu, authChainList, stateList, type AnswerText, type AsText } from './state-answer.ts';

/** A PDU as it leaves us: canonical JSON, stored once and never rebuilt. */
const wire = (event: StoredEvent): string => canonicalJson(event.pdu.json);

/** Throws `M_NOT_FOUND` for a room that we are not in, `M_FORBIDDEN` for a server that the room keeps out. */
export function requireServed(store: RoomStore, origin: ServerName): void {
  requireLiveForServers(store.meta);
  requireAllowed(store, origin);
}

/**
 * Throws `M_FORBIDDEN` unless the server has a joined user, or had when we left. Source: Server-Server API, "Retrieving
 * events".
 */
export function requireInRoom(store: RoomStore, origin: ServerName): void {
  requireKnownForServers(store.meta);
  requireAllowed(store, origin);
  if (!store.state.serversAt(store.stream.head()).includes(origin)) throw forbidden('Your server is not in the room');
}

/** Users of one server that are looked at for one event. */
const MAX_USERS = 1_000;

/** Whether any user of a server may see an event: those who are in the room first, and no more of them than needed. */
function sightOfServer(store: RoomStore, origin: ServerName): (event: StoredEvent) => boolean {
  const users = store.state.usersOfServer(origin).slice(0, MAX_USERS);
  const sights = new Map<UserId, Sight>();
  function* each(event: StoredEvent): Generator<UserSight, void> {
    for (const userId of users) {
      const sight = sights.get(userId) ?? sightOf(store, userId);
      sights.set(userId, sight);
      yield {
        membership: { before: sight.membershipWith(event) },
        joinedLater: sight.intervals.some(
          ({ membership, toPos }) => membership === 'join' && toPos > (event.history?.anchor ?? 0),
        ),
      };
    }
  }
  return (event) =>
    mayServerSee({ before: readHistoryVisibility({ history_visibility: event.visibility ?? 'joined' }) }, each(event));
}

/**
 * An event as a server may have it: whole, or redacted where none of its users may see it or it has expired, so that the
 * graph stays whole for it while the content stays here. Redaction keeps the event's ID.
 */
function wireFor(store: RoomStore, origin: ServerName): (event: StoredEvent) => string {
  const maySee = sightOfServer(store, origin);
  const rules = roomVersionRules(store.meta.roomVersion());
  if (rules === undefined) throw new Error('unknown room version in storage');
  const redacted = ({ pdu }: StoredEvent) => canonicalJson(redactPdu(rules, pdu).json);
  return (event) => {
    if (event.pdu.stateKey !== undefined) return wire(event);
    if (losesContent(store, event)) return redacted(event);
    return maySee(event) && !isErasedForServer(store, origin, event) ? wire(event) : redacted(event);
  };
}

function isErasedForServer(store: RoomStore, origin: ServerName, event: StoredEvent): boolean {
  if (store.erasures.at(event.pdu.sender) === undefined) return false;
  const users = store.state.usersOfServer(origin);
  return isErasedFor(
    store,
    event,
    users.map((userId) => store.state.memberships(userId)),
  );
}

/** `GET /event/{eventId}`. */
export function eventForServer(store: RoomStore, origin: ServerName, eventId: EventId): string {
  requireInRoom(store, origin);
  const event = store.events.get(eventId);
  if (event === undefined || event.status === 'rejected') throw notFound('There is no such event');
  return wireFor(store, origin)(event);
}

/** `GET /state/{roomId}`: the state before an event, and its auth chain. Throws before the first piece, or not at all. */
export function stateForServer(store: RoomStore, origin: ServerName, eventId: EventId): AnswerText {
  return stateAnswer(store, stateBeforeEvent(store, origin, eventId), ['pdus', 'auth_chain'], asPdu);
}

/** `GET /state_ids/{roomId}`. */
export function stateIdsForServer(store: RoomStore, origin: ServerName, eventId: EventId): AnswerText {
  return stateAnswer(store, stateBeforeEvent(store, origin, eventId), ['pdu_ids', 'auth_chain_ids'], asId);
}

function stateBeforeEvent(store: RoomStore, origin: ServerName, eventId: EventId): StateRef {
  requireInRoom(store, origin);
  const event = store.events.get(eventId);
  if (event?.before === undefined || event.status === 'rejected') throw notFound('There is no such event');
  return event.before;
}

function* stateAnswer(
  store: RoomStore,
  ref: StateRef,
  [state, authChain]: readonly [string, string],
  as: AsText,
): AnswerText {
  const listed = new RowSet();
  yield `{"${state}":`;
  yield* stateList(store, ref, { members: 'all', as, listed });
  yield `,"${authChain}":`;
  yield* authChainList(store, listed, { as });
  yield '}';
}

/** `GET /event_auth/{roomId}/{eventId}`. */
export function eventAuthForServer(store: RoomStore, origin: ServerName, eventId: EventId): AnswerText {
  requireInRoom(store, origin);
  const [event] = store.answers.byIds([eventId]);
  if (event === undefined) throw notFound('There is no such event');
  return eventAuthAnswer(store, event);
}

function* eventAuthAnswer(store: RoomStore, event: AnswerRow): AnswerText {
  yield '{"auth_chain":';
  yield* authChainList(store, rowSetOf([event]), { as: asPdu });
  yield '}';
}

/** `GET /timestamp_to_event/{roomId}`: of what the server may see. @returns `undefined` where there is nothing. */
export function eventByTimeForServer(store: RoomStore, origin: ServerName, query: TimeQuery): ClosestEvent['event'] {
  requireInRoom(store, origin);
  const maySee = sightOfServer(store, origin);
  return closestEvent(store, query, (event) => !hasExpired(store, event) && maySee(event)).event;
}

const MAX_BACKFILL = 100;

/** `GET /backfill/{roomId}`: the named events and what precedes them, newest first, as far as the server may see. */
export function backfillForServer(
  store: RoomStore,
  origin: ServerName,
  from: readonly EventId[],
  limit: number,
): readonly string[] {
  requireInRoom(store, origin);
  return walkBack(store, from, new Set(), Math.min(limit, MAX_BACKFILL)).map(wireFor(store, origin));
}

const MAX_MISSING = 20;
/** More than any server has events that it lacks parents of. */
const MAX_LATEST = 100;

/**
 * `POST /get_missing_events/{roomId}`: what lies between `latest` and `earliest`, neither included, oldest first. What
 * lies below the least depth is passed over with what only it leads to.
 */
export function missingEventsForServer(
  store: RoomStore,
  origin: ServerName,
  query: {
    readonly earliest: readonly EventId[];
    readonly latest: readonly EventId[];
    readonly limit: number;
    readonly minDepth: number;
  },
): readonly string[] {
  requireInRoom(store, origin);
  const latest = query.latest.slice(0, MAX_LATEST);
  const parents = latest.flatMap((id) => store.events.get(id)?.pdu.prevEvents ?? []);
  const seen = new Set([...query.earliest, ...latest]);
  return walkBack(store, parents, seen, Math.min(query.limit, MAX_MISSING), query.minDepth)
    .toReversed()
    .map(wireFor(store, origin));
}

/** Events that one walk may come by. */
const MAX_VISITED = 5_000;

/** Breadth first from the newest; rejected events are passed through and not given. */
function walkBack(
  store: RoomStore,
  from: readonly EventId[],
  seen: Set<EventId>,
  limit: number,
  minDepth = 0,
): StoredEvent[] {
  const found: StoredEvent[] = [];
  let layer = [...from];
  const most = seen.size + MAX_VISITED;
  while (layer.length > 0 && found.length < limit && seen.size < most) {
    const next: EventId[] = [];
    for (const id of layer) {
      const event = seen.has(id) ? undefined : store.events.get(id);
      seen.add(id);
      if (event === undefined || event.status === 'outlier' || event.pdu.depth < minDepth) continue;
      if (found.length === limit) break;
      if (event.status !== 'rejected') found.push(event);
      next.push(...event.pdu.prevEvents);
    }
    layer = next;
  }
  return found;
}

/** The server that a user belongs to must be the one that asks for them. */
export function requireOwnUser(origin: ServerName, userId: UserId): void {
  if (userIdServer(userId) !== origin) throw forbidden('The user is not one of your server');
}
