import { isSearchedType } from '../../matrix/discovery/event-text.ts';
import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import { passesFilter, type EventFilter } from '../../matrix/event/event-filter.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { eventsAround } from '../read/events-around.ts';
import { pointAfter, pointToken } from '../read/history-point.ts';
import { isIgnored } from '../read/ignored.ts';
import { eventsOf } from '../read/read-state.ts';
import type { Reader } from '../read/render.ts';
import { sightOf } from '../read/sight.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import { relatedByFilter } from '../relations/related-by.ts';
import { stateEventId } from '../state/state-at.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';

export interface ConfirmQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly eventIds: readonly EventId[];
  readonly filter: EventFilter;
  readonly ignoredUsers: readonly UserId[];
  readonly context: ContextWanted | undefined;
}

interface ContextWanted {
  readonly before: number;
  readonly after: number;
  readonly profiles: boolean;
}

interface FoundContext {
  readonly start: string;
  readonly end: string;
  readonly events_before: readonly ClientEventWithoutRoomId[];
  readonly events_after: readonly ClientEventWithoutRoomId[];
  readonly profile_info?: Readonly<Record<string, HistoricProfile>>;
}

interface HistoricProfile {
  readonly displayname?: string;
  readonly avatar_url?: string;
}

export interface ConfirmedEvent {
  readonly event: ClientEventWithoutRoomId;
  readonly context?: FoundContext;
}

/**
 * Those of the events that the user may see, and that pass the filter, as they see them. Whether what they see says the
 * words is for the caller to look at: of an edit that came after they left, they see nothing.
 * Source: Client-Server API, "Server Side Search".
 */
export function confirmFound(store: RoomStore, query: ConfirmQuery, now: number): readonly ConfirmedEvent[] {
  const sight = sightOf(store, query.userId);
  const { scope, ignoredUsers, filter, context } = query;
  const reader: Reader = { sight, scope, now, ignoredUsers };
  const isRelated = relatedByFilter(store, filter, query.eventIds);
  const found = eventsOf(store, query.eventIds)
    .filter(
      ({ history, redactedBy, pdu }) => history !== undefined && redactedBy === undefined && isSearchedType(pdu.type),
    )
    .filter(({ pdu }) => passesFilter(filter, pdu) && isRelated(pdu.eventId))
    .filter((event) => !isIgnored(event, ignoredUsers) && sight.maySee(event));
  return renderWithRelations(store, found, reader).map((event, index) => {
    const stored = found[index];
    const place = stored?.history;
    if (context === undefined || stored === undefined || place === undefined) return { event };
    return { event, context: contextOf(store, { event: stored, place }, context, reader) };
  });
}

function contextOf(
  store: RoomStore,
  { event, place }: { readonly event: StoredEvent; readonly place: HistoryKey },
  wanted: ContextWanted,
  reader: Reader,
): FoundContext {
  const { before, after } = eventsAround(store, place, { ...wanted, filter: {} }, reader);
  const shown = renderWithRelations(store, [...before, ...after], reader);
  return {
    start: pointToken(before.at(-1)?.history ?? place),
    end: pointToken(pointAfter(after.at(-1)?.history ?? place)),
    events_before: shown.slice(0, before.length),
    events_after: shown.slice(before.length),
    ...(wanted.profiles ? { profile_info: profilesOf(store, event, [event, ...before, ...after]) } : {}),
  };
}

/** The profiles that senders had in the room when the found event was sent. */
function profilesOf(
  store: RoomStore,
  { before, after }: StoredEvent,
  events: readonly StoredEvent[],
): Readonly<Record<string, HistoricProfile>> {
  const ref = after ?? before;
  if (ref === undefined) return {};
  const senders = [...new Set(events.map(({ pdu }) => pdu.sender))];
  return Object.fromEntries(
    senders.flatMap((sender) => {
      const eventId = stateEventId(store, ref, 'm.room.member', sender);
      const content = eventId === undefined ? undefined : store.events.get(eventId)?.pdu.content;
      return content === undefined ? [] : [[sender, profileIn(content)] as const];
    }),
  );
}

function profileIn({ displayname, avatar_url: avatarUrl }: StoredEvent['pdu']['content']): HistoricProfile {
  return {
    ...(typeof displayname === 'string' ? { displayname } : {}),
    ...(typeof avatarUrl === 'string' ? { avatar_url: avatarUrl } : {}),
  };
}
