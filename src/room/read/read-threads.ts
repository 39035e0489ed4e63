import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { canBeRoot, renderWithRelations } from '../relations/aggregate.ts';
import { relationReader } from '../relations/relation-reader.ts';
import type { HistoryKey, RoomStore, StoredEvent } from '../store.ts';
import { erased } from './erased.ts';
import { pointToken } from './history-point.ts';
import { isIgnored } from './ignored.ts';
import { requireReadable } from './read-messages.ts';
import type { Reader } from './render.ts';
import { sightOf } from './sight.ts';

export interface ThreadsQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly ignoredUsers: readonly UserId[];
  /** Whether only threads that the user has taken part in are wanted. */
  readonly isParticipated: boolean;
  readonly from: HistoryKey | undefined;
  readonly limit: number;
}

export interface Threads {
  /** The roots. */
  readonly chunk: readonly ClientEventWithoutRoomId[];
  readonly nextBatch: string | undefined;
}

/** Threads that are looked at for one page, a chunk at a time. */
const MAX_SCANNED = 1_000;
const CHUNK = 100;

/**
 * The threads of a room, those with the newest replies first, whoever they are of.
 * Source: Client-Server API, `GET /rooms/{roomId}/threads`.
 */
export function readThreads(store: RoomStore, query: ThreadsQuery, now: number): Threads {
  const sight = sightOf(store, query.userId);
  requireReadable(store, sight);
  const reader: Reader = { sight, scope: query.scope, now, ignoredUsers: query.ignoredUsers };
  const roots: StoredEvent[] = [];
  let point = query.from ?? { anchor: store.stream.head(), sub: 1 };
  let isAtEnd = false;
  for (let scanned = 0; scanned < MAX_SCANNED && !isAtEnd && roots.length < query.limit; scanned += CHUNK) {
    const page = store.relations.threadsBefore(point, CHUNK);
    isAtEnd = page.length < CHUNK;
    const wanted = wantedRoots(store, query, reader, page);
    for (const [at, { rootId, place }] of page.entries()) {
      point = place;
      const root = wanted.get(rootId);
      if (root !== undefined) roots.push(root);
      if (roots.length < query.limit) continue;
      isAtEnd &&= at === page.length - 1;
      break;
    }
  }
  return {
    chunk: renderWithRelations(store, roots, reader),
    nextBatch: isAtEnd ? undefined : pointToken(point),
  };
}

/** Threads of which the reader may see the root and a reply. The root of an ignored user is shown redacted. */
function wantedRoots(
  store: RoomStore,
  { isParticipated, ignoredUsers }: ThreadsQuery,
  reader: Reader,
  page: ReturnType<RoomStore['relations']['threadsBefore']>,
): ReadonlyMap<string, StoredEvent> {
  const roots = page
    .map(({ rootId }) => store.events.get(rootId))
    .filter((event) => event?.history !== undefined && canBeRoot(event) && reader.sight.maySee(event))
    .filter((event) => event !== undefined);
  const summaries = store.relations.threads(
    roots.map(({ pdu }) => pdu.eventId),
    relationReader(reader),
  );
  return new Map(
    roots
      .filter(({ pdu }) => {
        const summary = summaries.get(pdu.eventId);
        const hasTakenPart = summary?.hasReplied === true || pdu.sender === reader.sight.userId;
        return summary !== undefined && (hasTakenPart || !isParticipated);
      })
      .map((event) => [
        event.pdu.eventId,
        isIgnored(event, ignoredUsers) ? { ...event, pdu: erased(store, event.pdu) } : event,
      ]),
  );
}
