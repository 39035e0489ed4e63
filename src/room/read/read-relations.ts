import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { renderWithRelations } from '../relations/aggregate.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import { isIgnored } from './ignored.ts';
import { pointAfter, pointToken } from './history-point.ts';
import { isBeyond, OLDEST } from './read-messages.ts';
import { eventsOf, requireShown } from './read-state.ts';
import { sightOf } from './sight.ts';

export interface RelationsQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly ignoredUsers: readonly UserId[];
  readonly eventId: EventId;
  readonly relType?: string;
  readonly eventType?: string;
  readonly dir: 'b' | 'f';
  /** `undefined`: from the newest (`b`) or the oldest (`f`) event. */
  readonly from: HistoryKey | undefined;
  readonly to: HistoryKey | undefined;
  readonly limit: number;
  /** Whether what relates to the children, and so on, is wanted as well. */
  readonly recurse: boolean;
}

export interface Relations {
  readonly chunk: readonly ClientEventWithoutRoomId[];
  /** Left out at the end of what there is. */
  readonly nextBatch: string | undefined;
  readonly depth: number;
}

/** "Homeservers SHOULD traverse at least 3 levels of relationships." */
const MAX_DEPTH = 3;
const MAX_SCANNED = 1_000;

/**
 * What relates to an event. Throws `M_NOT_FOUND` for an event that the user may not see.
 * Source: Client-Server API, `GET /rooms/{roomId}/relations/{eventId}`.
 */
export function readRelations(store: RoomStore, query: RelationsQuery, now: number): Relations {
  const sight = sightOf(store, query.userId);
  requireShown(store, sight, query.eventId);
  const depth = query.recurse ? MAX_DEPTH : 1;
  const { eventId: parentId, relType, eventType: type, dir, ignoredUsers, limit, to } = query;
  const point = query.from ?? (dir === 'b' ? { anchor: store.stream.head(), sub: 1 } : OLDEST);
  const ids = store.relations.children({ parentId, relType, type, depth, point, dir, limit: MAX_SCANNED });
  const chunk: StoredEvent[] = [];
  let last: HistoryKey | undefined;
  let isAtEnd = ids.length < MAX_SCANNED;
  for (const event of eventsOf(store, ids)) {
    const { history } = event;
    const isPast = history === undefined || (to !== undefined && isBeyond(history, to, dir));
    if (isPast || chunk.length === limit) {
      isAtEnd = isPast;
      break;
    }
    last = history;
    if (sight.maySee(event) && !isIgnored(event, ignoredUsers)) chunk.push(event);
  }
  const next = isAtEnd || last === undefined ? undefined : dir === 'b' ? last : pointAfter(last);
  return {
    chunk: renderWithRelations(store, chunk, { sight, scope: query.scope, now, ignoredUsers }),
    nextBatch: next && pointToken(next),
    depth,
  };
}
