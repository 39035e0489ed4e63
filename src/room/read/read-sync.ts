import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { splitStateTuple, stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { roomSummary, type RoomSummary } from './room-summary.ts';
import { receiptContent } from './receipt-content.ts';
import { render, type Reader } from './render.ts';
import { sightOf, type Sight } from './sight.ts';
import { tokenBefore } from './history-point.ts';
import { readDeparture } from './read-departure.ts';
import {
  cutWhereLeft,
  MAX_SCANNED,
  mayKnowReceipt,
  memberChanged,
  newlyJoinedAt,
  readTimeline,
  renderTimeline,
  valuesAt,
} from './read-range.ts';
import { eventsOf } from './read-state.ts';
import { unreadCounts, type UnreadByThread } from '../unread/unread-counts.ts';

/** A read for sync always names a range, never "now" (contracts, section 1). */
export interface SyncQuery {
  readonly userId: UserId;
  readonly scope: string;
  /** `undefined`: unknown, which is answered with full state. */
  readonly from: number | undefined;
  readonly to: number;
  readonly timelineLimit: number;
  readonly timelineFilter: EventFilter;
  readonly stateFilter: EventFilter;
  readonly lazyLoadMembers: boolean;
  readonly fullState: boolean;
  /** Whether `state` goes up to the end of the timeline, and the client reads state from there alone. */
  readonly stateAfter?: boolean;
  /** Events are wanted as other servers get them. */
  readonly isRaw?: boolean;
  readonly ignoredUsers: readonly UserId[];
  /** Those of the user's own push rules that matter here; `undefined`: none. */
  readonly pushRules?: OwnRules;
  /** Corrections are owed since here: the present value of every key touched after it is repeated in `state`. */
  readonly owedFrom?: number;
}

export interface SyncRoom {
  /** Where the range ended: `to`, or where the user stopped being joined. */
  readonly to: number;
  readonly membership: string;
  readonly limited: boolean;
  readonly timeline: readonly ClientEventWithoutRoomId[];
  /** `undefined` where there is nothing to read before the timeline. */
  readonly prevBatch: string | undefined;
  readonly state: readonly ClientEventWithoutRoomId[];
  readonly receipts: JsonObject | undefined;
  readonly summary: RoomSummary | undefined;
  readonly unread: UnreadByThread;
  /** Folding `state` and `timeline` the old way leaves another value than the room's: the next response repeats. */
  readonly owed: boolean;
}

/** @returns `undefined` for a user who was never joined in the range or before, nor lost an invitation in it. */
export function readSync(store: RoomStore, query: SyncQuery, now: number): SyncRoom | undefined {
  return readAs(store, query, sightOf(store, query.userId), now);
}

/** {@link readSync} of a reader whose sight is known. */
export function readAs(store: RoomStore, query: SyncQuery, sight: Sight, now: number): SyncRoom | undefined {
  const to = cutWhereLeft(sight, query.to);
  const departure = to === undefined || isRead(query, to) ? readDeparture(store, query, sight, now) : undefined;
  if (to === undefined || departure !== undefined) return departure;
  return readJoined(store, query, { sight, to, now });
}

/** What the user saw while they were in the room, up to `to`. */
function readJoined(
  store: RoomStore,
  query: SyncQuery,
  { sight, to, now }: { readonly sight: Sight; readonly to: number; readonly now: number },
): SyncRoom {
  const joinedAt = newlyJoinedAt(store, sight, query.from, to);
  const from = joinedAt === undefined && !query.fullState ? query.from : undefined;
  const reader: Reader = {
    sight,
    scope: query.scope,
    now,
    ignoredUsers: query.ignoredUsers,
    isRaw: query.isRaw === true,
  };
  // Who comes back does not see what was between in the timeline, and saw no more than their leave, whatever `from` is.
  const isBack = joinedAt !== undefined && joinedAt > 0;
  const timeline = readTimeline(store, query, sight, { from: joinedAt ?? query.from ?? 0, to });
  const limited = timeline.limited || isBack;
  const first = timeline.events[0];
  const isAfter = query.stateAfter === true;
  const start = isAfter ? to : startOf(first, to);
  const summary = memberChanged(store, from, to) ? roomSummary(store, query.userId, to) : undefined;
  const range = { from, to: start, owedFrom: query.owedFrom };
  const shown = query.lazyLoadMembers
    ? lazily(store, range, { userId: query.userId, others: sendersAndHeroes(timeline.events, summary) })
    : stateBetween(store, range);
  return {
    ...besidesEvents(store, query, sight, { from: from ?? 0, to }),
    limited,
    timeline: renderTimeline(store, timeline.events, reader, limited || from === undefined),
    prevBatch: tokenBefore(first, to),
    state: shown
      .filter((event) => passesFilter(query.stateFilter, event.pdu))
      .map((event) => render(store, event, reader)),
    summary,
    owed: !isAfter && isOwed(store, timeline.events, start, to),
  };
}

/** What a range says besides its events. */
export function besidesEvents(
  store: RoomStore,
  query: SyncQuery,
  sight: Sight,
  { from, to }: { readonly from: number; readonly to: number },
): Pick<SyncRoom, 'to' | 'membership' | 'receipts' | 'unread'> {
  const receipts = store.receipts.changedBetween(from, to).filter((receipt) => mayKnowReceipt(receipt, query));
  return {
    to,
    membership: sight.membershipAt(to),
    receipts: receiptContent(receipts),
    unread: unreadCounts(store, query, sight, to),
  };
}

/** Whether the client has had everything from when the user was in the room. */
function isRead({ from }: SyncQuery, to: number): boolean {
  return from !== undefined && from >= to;
}

export function startOf(first: StoredEvent | undefined, to: number): number {
  return first?.pos === undefined ? to : first.pos - 1;
}

interface StateRange {
  /** `undefined`: the whole state is asked for. */
  readonly from: number | undefined;
  readonly to: number;
  readonly owedFrom: number | undefined;
}

/** The state events whose keys changed in a range, as they stand at its end; the whole state without a start. */
function stateBetween(store: RoomStore, { from, to, owedFrom }: StateRange): readonly StoredEvent[] {
  const ids = new Set<EventId>();
  if (from === undefined) for (const id of store.state.allAt(to).values()) ids.add(id);
  else for (const id of valuesAt(store, store.state.changesBetween(from, to).keys(), to)) ids.add(id);
  if (owedFrom !== undefined) for (const id of valuesAt(store, touchedBetween(store, owedFrom, to), to)) ids.add(id);
  return wholeEvents(store, [...ids]);
}

/** Events in the order of their IDs, of which none is kept at hand for it. */
export function wholeEvents(store: RoomStore, ids: readonly EventId[]): readonly StoredEvent[] {
  const events = store.events.several(ids);
  return ids.map((id) => events.get(id)).filter((event) => event !== undefined);
}

/** Keys whose fold may have gone wrong: those that changed, and those of state events that were shown and changed none. */
function touchedBetween(store: RoomStore, from: number, to: number): ReadonlySet<StateTuple> {
  const touched = new Set(store.state.changesBetween(from, to).keys());
  for (const id of store.history.newest(from, to, MAX_SCANNED)) {
    const pdu = store.events.get(id)?.pdu;
    if (pdu?.stateKey !== undefined) touched.add(stateTuple(pdu.type, pdu.stateKey));
  }
  return touched;
}

function sendersAndHeroes(timeline: readonly StoredEvent[], summary: RoomSummary | undefined): readonly string[] {
  return [...timeline.map(({ pdu }) => pdu.sender), ...(summary?.['m.heroes'] ?? [])];
}

/**
 * Of the whole state only the members that are needed; to changes of it also those who are needed, since a client may
 * never have been told of them. Source: Client-Server API, "Lazy-loading room members".
 */
function lazily(
  store: RoomStore,
  range: StateRange,
  needed: { userId: UserId; others: readonly string[] },
): readonly StoredEvent[] {
  if (range.from === undefined)
    return wholeEvents(store, lazyState(store, range.to, [...needed.others, needed.userId]));
  const state = stateBetween(store, range);
  const told = new Set(state.map(({ pdu }) => pdu.eventId));
  const ids = valuesAt(
    store,
    Array.from(new Set(needed.others), (user) => stateTuple('m.room.member', user)),
    range.to,
  );
  return [
    ...state,
    ...eventsOf(
      store,
      [...ids].filter((id) => !told.has(id)),
    ),
  ];
}

/** The whole state at a position, of its members those of `users`. */
export function lazyState(store: RoomStore, pos: number, users: readonly string[]): readonly EventId[] {
  const members = store.stateLookups.holders(
    Array.from(new Set(users), (stateKey) => ({ type: 'm.room.member', stateKey, pos })),
  );
  return [...store.stateLookups.besidesMembers(pos), ...members.filter((id) => id !== undefined)];
}

/** Whether a key changed within the timeline otherwise than by the timeline's own events. */
export function isOwed(store: RoomStore, timeline: readonly StoredEvent[], start: number, to: number): boolean {
  const folded = new Map<StateTuple, EventId>();
  for (const { pdu } of timeline) {
    if (pdu.stateKey !== undefined) folded.set(stateTuple(pdu.type, pdu.stateKey), pdu.eventId);
  }
  const changed = store.state.changesBetween(start, to);
  for (const tuple of [...changed.keys(), ...folded.keys()]) {
    const { type, stateKey } = splitStateTuple(tuple);
    const held = store.state.at(type, stateKey, to);
    // What an event that entered the past since held at the start, clients had not been told.
    const told = changed.has(tuple) ? changed.get(tuple) : store.state.at(type, stateKey, start);
    if (held !== (folded.get(tuple) ?? told)) return true;
  }
  return false;
}
