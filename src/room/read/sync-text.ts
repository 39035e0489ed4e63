import type { EventId } from '../../matrix/ids/brands.ts';
import { passesFilter } from '../../matrix/event/event-filter.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import type { RoomStore } from '../store.ts';
import { isIgnored } from './ignored.ts';
import { preparedRoom, type PreparedEvent, type PreparedRoom } from './prepared-room.ts';
import { cutWhereLeft } from './read-range.ts';
import { besidesEvents, readAs, wholeEvents, type SyncQuery, type SyncRoom } from './read-sync.ts';
import { maySeeReplaced, render, type Reader } from './render.ts';
import { roomSummary } from './room-summary.ts';
import { sightOf, type Sight } from './sight.ts';

/**
 * As {@link SyncRoom}, with each event as JSON text that goes into the answer as it is: nobody on the way takes it apart
 * and writes it again. One text of them all would take two bytes for every character as soon as one of them is beyond
 * Latin-1, and a call answers with no more than 32 MiB.
 */
export interface SyncRoomText extends Omit<SyncRoom, 'timeline' | 'state'> {
  readonly timeline: readonly string[];
  readonly state: readonly string[];
}

/** {@link readSync} as text. */
export function readSyncText(store: RoomStore, query: SyncQuery, now: number): SyncRoomText | undefined {
  const sight = sightOf(store, query.userId);
  const initial = readInitial(store, query, sight, now);
  if (initial !== undefined) return initial;
  const read = readAs(store, query, sight, now);
  if (read === undefined) return undefined;
  const textOf = (event: object) => JSON.stringify(event);
  return { ...read, timeline: read.timeline.map(textOf), state: read.state.map(textOf) };
}

/**
 * The read of a room from its beginning, out of what is prepared of it. @returns `undefined` for other reads, and for a
 * reader who is not shown everything that is prepared, or is shown it in another way.
 */
function readInitial(store: RoomStore, query: SyncQuery, sight: Sight, now: number): SyncRoomText | undefined {
  const { to, userId, ignoredUsers, scope } = query;
  if (query.from !== undefined || query.isRaw === true || cutWhereLeft(sight, to) !== to) return undefined;
  const room = preparedRoom(store, query);
  if (room.isErasedForSome || !seesAll(room, query, sight)) return undefined;
  const reader: Reader = { sight, scope, now, ignoredUsers };
  const textOf = writer(store, room, reader);
  const summary = roomSummary(store, userId, to, room.isNamed);
  const members = query.lazyLoadMembers
    ? otherMembers(store, query, room, [userId, ...(summary['m.heroes'] ?? [])])
    : [];
  return {
    ...besidesEvents(store, query, sight, { from: 0, to }),
    limited: room.limited,
    timeline: timelineTexts(store, room, reader, textOf),
    prevBatch: room.prevBatch,
    state: [...room.state.map(textOf), ...members.map((event) => JSON.stringify(render(store, event, reader)))],
    summary,
    owed: room.owed,
  };
}

function seesAll({ timeline, next }: PreparedRoom, { ignoredUsers }: SyncQuery, sight: Sight): boolean {
  const events = timeline.map(({ event }) => event);
  return [...events, ...(next === undefined ? [] : [next])].every(
    (event) => !isIgnored(event, ignoredUsers) && sight.maySee(event),
  );
}

/** Members that a reader is told of whose events are not prepared: those who say nothing. */
function otherMembers(store: RoomStore, { stateFilter }: SyncQuery, room: PreparedRoom, users: readonly string[]) {
  const senders = new Set<string>(room.timeline.map(({ event }) => event.pdu.sender));
  const keys = Array.from(new Set(users.filter((user) => !senders.has(user))), (stateKey) => ({
    type: 'm.room.member',
    stateKey,
    pos: room.start,
  }));
  const ids = store.stateLookups.holders(keys).filter((id) => id !== undefined);
  return wholeEvents(store, ids).filter(({ pdu }) => passesFilter(stateFilter, pdu));
}

function timelineTexts(
  store: RoomStore,
  { timeline, parents }: PreparedRoom,
  reader: Reader,
  textOf: (event: PreparedEvent) => string,
): readonly string[] {
  const rendered = new Map(
    parents.size === 0
      ? []
      : renderWithRelations(store, wholeEvents(store, [...parents]), reader).map((shown) => [shown.event_id, shown]),
  );
  return timeline.map((prepared) => {
    const withRelations = rendered.get(prepared.event.pdu.eventId);
    return withRelations === undefined ? textOf(prepared) : JSON.stringify(withRelations);
  });
}

/** Writes prepared events for one reader, as {@link render} would. */
function writer(store: RoomStore, room: PreparedRoom, { sight, scope, now }: Reader): (event: PreparedEvent) => string {
  const own = [...room.timeline, ...room.state]
    .map(({ event }) => event.pdu)
    .filter(({ sender }) => sender === sight.userId);
  const transactionIds: ReadonlyMap<EventId, string> = store.transactions.ofEvents(
    scope,
    own.map(({ eventId }) => eventId),
  );
  return ({ event, text, redaction, replaced }) => {
    const age = JSON.stringify(Math.max(0, now - event.pdu.originServerTs));
    const txnId = transactionIds.get(event.pdu.eventId);
    const transaction = txnId === undefined ? '' : `"transaction_id":${JSON.stringify(txnId)},`;
    const old = replaced !== undefined && maySeeReplaced(sight, event, replaced.event) ? replaced.text : '';
    const membership = sight.membershipWith(event);
    return `${text},"unsigned":{"age":${age},${redaction}${transaction}${old}"membership":"${membership}"}}`;
  };
}
