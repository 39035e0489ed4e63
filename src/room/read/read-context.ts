import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import { notFound } from '../../matrix/error.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import { pointAfter, pointToken } from './history-point.ts';
import { eventsOf } from './read-state.ts';
import { render, type Reader } from './render.ts';
import { sightOf } from './sight.ts';

export interface ContextQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly eventId: EventId;
  readonly limit: number;
  readonly filter: EventFilter;
}

export interface EventContext {
  readonly start: string;
  readonly end: string;
  readonly event: ClientEventWithoutRoomId;
  readonly events_before: readonly ClientEventWithoutRoomId[];
  readonly events_after: readonly ClientEventWithoutRoomId[];
  readonly state: readonly ClientEventWithoutRoomId[];
}

/** Source: Client-Server API, `GET /rooms/{roomId}/context/{eventId}`. */
export function readContext(store: RoomStore, query: ContextQuery, now: number): EventContext {
  const sight = sightOf(store, query.userId);
  const event = store.events.get(query.eventId);
  if (event?.history === undefined || !sight.maySee(event))
    throw notFound('There is no such event, or you may not see it');
  const reader: Reader = { sight, scope: query.scope, now };
  const half = Math.floor(query.limit / 2);
  const take = (point: HistoryKey, dir: 'b' | 'f', limit: number) =>
    eventsOf(store, store.history.page(point, dir, limit * 4))
      .filter((other) => passesFilter(query.filter, other.pdu) && sight.maySee(other))
      .slice(0, limit);
  const before = take(event.history, 'b', half);
  const after = take(pointAfter(event.history), 'f', query.limit - half);
  const show = (events: readonly StoredEvent[]) => events.map((shown) => render(store, shown, reader));
  const last = after.at(-1)?.history ?? event.history;
  const state = eventsOf(store, store.state.allAt(last.sub === 0 ? last.anchor : 0).values());
  return {
    start: pointToken(before.at(-1)?.history ?? event.history),
    end: pointToken(pointAfter(last)),
    event: render(store, event, reader),
    events_before: show(before),
    events_after: show(after),
    state: show(state),
  };
}
