import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { RequiredState } from '../../matrix/event/required-state.ts';
import { splitStateTuple } from '../../matrix/event/state-map.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { unreadCounts, type UnreadByThread } from '../unread/unread-counts.ts';
import { tokenBefore } from './history-point.ts';
import { readDeparture } from './read-departure.ts';
import {
  cutWhereLeft,
  mayKnowReceipt,
  memberChanged,
  newlyJoinedAt,
  readTimeline,
  renderTimeline,
  type TimelineQuery,
} from './read-range.ts';
import { eventsOf } from './read-state.ts';
import { receiptContent } from './receipt-content.ts';
import { render, type Reader } from './render.ts';
import { requiredEvents } from './required-events.ts';
import { heroesOf } from './room-summary.ts';
import { sightOf, type Sight } from './sight.ts';

export interface SlidingRoomQuery extends Omit<TimelineQuery, 'timelineFilter'> {
  readonly scope: string;
  /** From here on the client has everything; `undefined`: it is told the room whole. */
  readonly from: number | undefined;
  readonly to: number;
  /** What happened after it has just happened. */
  readonly liveFrom: number;
  /** Of the newest events up to `from` the client has this many. */
  readonly seen: number;
  readonly required: readonly RequiredState[];
  /** What of the state the client is up to date with at `from`. */
  readonly known: readonly RequiredState[];
  /** Receipts were told up to here; `undefined`: none yet; left out: none are wanted. */
  readonly receiptsFrom?: { readonly pos: number | undefined };
  readonly pushRules?: OwnRules;
}

/** More events than any client asks for. */
const EVERYTHING = 1_000_000;

export interface Hero {
  readonly user_id: UserId;
  readonly displayname?: string;
  readonly avatar_url?: string;
}

/** What of a room is news. Fields that are left out are as they were. Source: MSC4186, `RoomResult`. */
export interface SlidingRoomAnswer {
  /** Whether this replaces whatever the client knows. */
  readonly initial: boolean;
  /** Whether anything but receipts is told. */
  readonly isNews: boolean;
  /** Of the newest events the client has this many then. */
  readonly seen: number;
  readonly expandedTimeline: boolean;
  readonly timeline: readonly ClientEventWithoutRoomId[];
  readonly limited: boolean;
  readonly numLive: number;
  readonly prevBatch: string | undefined;
  readonly state: readonly (ClientEventWithoutRoomId | { readonly type: string; readonly state_key: string })[];
  /** `null`: it was removed. */
  readonly name?: string | null;
  readonly avatar?: string | null;
  readonly heroes?: readonly Hero[];
  readonly counts?: { readonly joined: number; readonly invited: number };
  readonly unread: UnreadByThread;
  readonly receipts: JsonObject | undefined;
}

/** @returns `undefined` for a user who was never joined before, nor lost an invitation after `from`. */
export function readSliding(store: RoomStore, query: SlidingRoomQuery, now: number): SlidingRoomAnswer | undefined {
  const sight = sightOf(store, query.userId);
  const to = cutWhereLeft(sight, query.to);
  if (to === undefined || (query.from !== undefined && query.from >= to && to < query.to)) {
    return departed(store, query, sight, now);
  }
  return joined(store, { ...query, to }, sight, now);
}

/** The user was in the room, up to `to`. */
function joined(store: RoomStore, query: SlidingRoomQuery, sight: Sight, now: number): SlidingRoomAnswer {
  const { to, required, userId } = query;
  const isInitial = newlyJoinedAt(store, sight, query.from, to) !== undefined;
  const from = isInitial ? undefined : query.from;
  const reader: Reader = { sight, scope: query.scope, now, ignoredUsers: query.ignoredUsers };
  const timeline = timelineOf(store, query, sight, from);
  const { events, limited } = timeline;
  const state = requiredEvents(store, {
    from,
    to,
    required,
    known: from === undefined ? [] : query.known,
    members: new Set(events.flatMap(peopleOf)),
    withMemberChanges: !limited,
  });
  const removed = state.removed.map((tuple) => {
    const { type, stateKey } = splitStateTuple(tuple);
    return { type, state_key: stateKey };
  });
  const facts = factsOf(store, userId, from, to);
  const isOwnReceipt = store.receipts.changedBetween(from ?? 0, to).some((receipt) => receipt.userId === userId);
  return {
    initial: isInitial,
    isNews: isInitial || limited || isOwnReceipt || events.length + state.ids.size + removed.length + facts.changes > 0,
    expandedTimeline: timeline.expanded,
    seen: timeline.seen,
    timeline: renderTimeline(store, events, reader, limited || isInitial),
    limited,
    numLive: events.filter(({ pos = 0 }) => pos > query.liveFrom).length,
    prevBatch: tokenBefore(events[0], to),
    state: [...eventsOf(store, [...state.ids]).map((event) => render(store, event, reader)), ...removed],
    ...facts.told,
    unread: unreadCounts(store, query, sight, to),
    receipts: receiptsOf(store, query, events),
  };
}

interface Timeline {
  readonly events: readonly StoredEvent[];
  readonly limited: boolean;
  readonly expanded: boolean;
  readonly seen: number;
}

/** Who wants more events than they have got is given the newest ones again. Source: MSC4186, "`timeline_limit`". */
function timelineOf(store: RoomStore, query: SlidingRoomQuery, sight: Sight, from: number | undefined): Timeline {
  const read = (start: number) =>
    readTimeline(store, { ...query, timelineFilter: {} }, sight, { from: start, to: query.to });
  const isWhole = from === undefined || query.timelineLimit > query.seen;
  const whole = isWhole ? read(0) : undefined;
  // What is not there cannot be seen: who asked for it need not ask again.
  const seenWhole = whole?.limited === false ? EVERYTHING : query.timelineLimit;
  if (whole !== undefined && (from === undefined || whole.events.some(({ pos = 0 }) => pos <= from))) {
    return { ...whole, expanded: from !== undefined, seen: seenWhole };
  }
  const news = read(from ?? 0);
  const seen = news.limited ? query.timelineLimit : query.seen + news.events.length;
  return { ...news, expanded: false, seen: whole === undefined ? seen : seenWhole };
}

/** Sender and, of a membership, target. */
function peopleOf({ pdu: { sender, type, stateKey } }: StoredEvent): readonly string[] {
  return type === 'm.room.member' && stateKey !== undefined ? [sender, stateKey] : [sender];
}

type Facts = Pick<SlidingRoomAnswer, 'name' | 'avatar' | 'heroes' | 'counts'>;

/** What rooms are called and shown by, as far as it changed after `from`; all that there is without a `from`. */
function factsOf(
  store: RoomStore,
  userId: UserId,
  from: number | undefined,
  to: number,
): { readonly told: Facts; readonly changes: number } {
  const name = changedText(store, { type: 'm.room.name', field: 'name', from, to });
  const avatar = changedText(store, { type: 'm.room.avatar', field: 'url', from, to });
  const withMembers = memberChanged(store, from, to);
  const isNamed = textAt(store, 'm.room.name', 'name', to) !== undefined;
  const told: Facts = {
    ...(name === undefined ? {} : { name }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(isNamed || (!withMembers && name === undefined) ? {} : { heroes: heroesAt(store, userId, to) }),
    ...(withMembers ? { counts: countsAt(store, to) } : {}),
  };
  return { told, changes: Object.keys(told).length };
}

/** @returns `null` for what was removed, `undefined` for what did not change or, without a `from`, is not there. */
function changedText(
  store: RoomStore,
  { type, field, from, to }: { type: string; field: string; from: number | undefined; to: number },
): string | null | undefined {
  const text = textAt(store, type, field, to);
  if (from === undefined) return text;
  return store.state.at(type, '', from) === store.state.at(type, '', to) ? undefined : (text ?? null);
}

function textAt(store: RoomStore, type: string, field: string, pos: number): string | undefined {
  const id = store.state.at(type, '', pos);
  const value = id === undefined ? undefined : store.events.get(id)?.pdu.content[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function countsAt(store: RoomStore, pos: number): { readonly joined: number; readonly invited: number } {
  return { joined: store.state.countMembers('join', pos), invited: store.state.countMembers('invite', pos) };
}

function heroesAt(store: RoomStore, userId: UserId, pos: number): readonly Hero[] {
  return heroesOf(store, userId, pos).map((hero) => {
    const id = store.state.at('m.room.member', hero, pos);
    const { displayname, avatar_url: avatarUrl } =
      (id === undefined ? undefined : store.events.get(id))?.pdu.content ?? {};
    return {
      user_id: hero,
      ...(typeof displayname === 'string' ? { displayname } : {}),
      ...(typeof avatarUrl === 'string' ? { avatar_url: avatarUrl } : {}),
    };
  });
}

/** Of a room that is new to the client only those of the events that it is shown, and the reader's own. */
function receiptsOf(
  store: RoomStore,
  query: SlidingRoomQuery,
  timeline: readonly StoredEvent[],
): JsonObject | undefined {
  const { receiptsFrom, userId } = query;
  if (receiptsFrom === undefined) return undefined;
  const shown = new Set(timeline.map(({ pdu }) => pdu.eventId));
  return receiptContent(
    store.receipts
      .changedBetween(receiptsFrom.pos ?? 0, query.to)
      .filter(
        (receipt) =>
          mayKnowReceipt(receipt, query) &&
          (receiptsFrom.pos !== undefined || receipt.userId === userId || shown.has(receipt.eventId)),
      ),
  );
}

/** The end of a membership: an invitation that is no more, a ban after leaving. */
function departed(store: RoomStore, query: SlidingRoomQuery, sight: Sight, now: number): SlidingRoomAnswer | undefined {
  const asked = { ...query, timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false };
  const departure = readDeparture(store, { ...asked, timelineLimit: Math.max(1, query.timelineLimit) }, sight, now);
  if (departure === undefined) return undefined;
  return {
    initial: query.from === undefined,
    isNews: true,
    expandedTimeline: false,
    seen: query.seen,
    timeline: departure.timeline,
    limited: false,
    numLive: departure.timeline.length,
    prevBatch: undefined,
    state: departure.timeline,
    unread: departure.unread,
    receipts: undefined,
  };
}
