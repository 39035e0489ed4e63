import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import { fullState } from '../state/state-at.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import { aboveHoles } from './above-holes.ts';
import { eventsAround } from './events-around.ts';
import { pointAfter, pointToken } from './history-point.ts';
import { isBeyond } from './read-messages.ts';
import { eventsOf } from './read-state.ts';
import { render, type Reader } from './render.ts';
import { sightOf } from './sight.ts';

export interface ContextQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly eventId: EventId;
  readonly limit: number;
  readonly filter: EventFilter;
  readonly lazyLoadMembers: boolean;
  readonly ignoredUsers?: readonly UserId[];
}

export interface EventContext {
  readonly start: string;
  readonly end: string;
  readonly event: ClientEventWithoutRoomId;
  readonly events_before: readonly ClientEventWithoutRoomId[];
  readonly events_after: readonly ClientEventWithoutRoomId[];
  readonly state: readonly ClientEventWithoutRoomId[];
}

export interface ContextAnswer {
  /** `undefined`: there is no such event here, or the user may not see it. */
  readonly context: EventContext | undefined;
  /** Events whose parents we lack: what is asked for, or what belongs to it, may lie below them. */
  readonly holes: readonly EventId[];
}

/** Source: Client-Server API, `GET /rooms/{roomId}/context/{eventId}`. */
export function readContext(store: RoomStore, query: ContextQuery, now: number): ContextAnswer {
  const sight = sightOf(store, query.userId);
  const event = store.events.get(query.eventId);
  if (event?.history === undefined) {
    const isMember = sight.intervals.some(({ membership }) => membership === 'join');
    return { context: undefined, holes: isMember ? holesBelow(store, { anchor: store.stream.head(), sub: 1 }) : [] };
  }
  if (!sight.maySee(event)) return { context: undefined, holes: [] };
  const { ignoredUsers = [] } = query;
  const reader: Reader = { sight, scope: query.scope, now, ignoredUsers };
  const half = Math.floor(query.limit / 2);
  const wanted = { before: half, after: query.limit - half, filter: query.filter };
  const { before, after } = eventsAround(store, event.history, wanted, reader);
  const oldest = before.at(-1)?.history ?? event.history;
  const holes = half === 0 ? [] : holesBelow(store, event.history, before.length < half ? undefined : oldest);
  const shown = renderWithRelations(store, [...before, event, ...after], reader);
  return {
    context: {
      start: pointToken(oldest),
      end: pointToken(pointAfter(after.at(-1)?.history ?? event.history)),
      event: shown[before.length] ?? render(store, event, reader),
      events_before: shown.slice(0, before.length),
      events_after: shown.slice(before.length + 1),
      state: stateFor(store, query, [...before, event, ...after]).map((held) => render(store, held, reader)),
    },
    holes,
  };
}

/** Events right above holes, from a place down to another one or to the bottom of what we have. */
function holesBelow(store: RoomStore, from: HistoryKey, to?: HistoryKey): readonly EventId[] {
  return [...aboveHoles(store, from)].filter((id) => {
    const key = store.events.get(id)?.history;
    return key !== undefined && (to === undefined || !isBeyond(key, to, 'b'));
  });
}

/** The state at the last event; with lazy loading, of the members only who sent what is shown. */
function stateFor(store: RoomStore, query: ContextQuery, shown: readonly StoredEvent[]): readonly StoredEvent[] {
  const { after, before } = shown.at(-1) ?? {};
  const ref = after ?? before;
  if (ref === undefined) return [];
  const senders = new Set<string>(shown.map(({ pdu }) => pdu.sender));
  return eventsOf(store, fullState(store, ref).values()).filter(({ pdu }) => {
    const isUnneeded = query.lazyLoadMembers && pdu.type === 'm.room.member' && !senders.has(pdu.stateKey ?? '');
    return !isUnneeded && passesFilter(query.filter, pdu);
  });
}
