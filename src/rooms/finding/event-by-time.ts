import { notFound } from '../../matrix/error.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { requireKnownRoom } from '../known-room.ts';
import type { RemoteFinding, TimedEvent, TimedRooms, TimeQuery } from './ports.ts';

/** Servers that are asked, one after the other. */
const MAX_SERVERS = 3;
/** How often history is fetched for one answer, and how much each time. */
const MAX_FILLS = 5;
const EVENTS_AT_A_TIME = 100;

export interface TimeDeps {
  readonly serverName: ServerName;
  readonly rooms: TimedRooms;
  readonly registry: { has(roomId: RoomId): Promise<boolean> };
  readonly remote: Pick<RemoteFinding, 'eventByTime'>;
  /** Fetches what lies below holes of the history. @returns whether there is something new to read; never rejects. */
  readonly backfill: (roomId: RoomId, holes: readonly EventId[], limit: number) => Promise<boolean>;
}

type Here = Awaited<ReturnType<TimedRooms['readByTime']>>;
type Query = TimeQuery & { readonly userId: UserId; readonly roomId: RoomId };

/**
 * The event of a room that is closest to a time, in a direction. Where history is missing there, the servers in the room
 * are asked whether they have a closer one; if so, what is missing is fetched until it is here, as far as that is not too
 * much: what a user is answered is always an event that can be read here, and that they may see.
 * Throws `M_FORBIDDEN`, `M_NOT_FOUND`. Source: Client-Server API, `GET /rooms/{roomId}/timestamp_to_event`;
 * Server-Server API, `GET /timestamp_to_event/{roomId}`.
 */
export async function eventByTime(deps: TimeDeps, query: Query): Promise<TimedEvent> {
  const { roomId } = query;
  await requireKnownRoom(deps.registry, roomId);
  let here = await deps.rooms.readByTime(query);
  const closer = here.holes.length === 0 ? undefined : await closerElsewhere(deps, query, here.event);
  if (closer !== undefined) here = await fetched(deps, query, here, closer.eventId);
  if (here.event === undefined) {
    throw notFound(`There is no event ${query.dir === 'f' ? 'at or after' : 'at or before'} ${query.ts}`);
  }
  return here.event;
}

/** What the room answers once the event is here, or as much as may be fetched for one answer. */
async function fetched(deps: TimeDeps, query: Query, before: Here, wanted: EventId): Promise<Here> {
  const { roomId } = query;
  let here = before;
  for (let fills = 0; fills < MAX_FILLS && here.holes.length > 0; fills += 1) {
    const [unknown] = await deps.rooms.unknownEvents({ roomId, eventIds: [wanted] });
    if (unknown === undefined || !(await deps.backfill(roomId, here.holes, EVENTS_AT_A_TIME))) break;
    here = await deps.rooms.readByTime(query);
  }
  return here;
}

async function closerElsewhere(
  { serverName, rooms, remote }: TimeDeps,
  { roomId, ts, dir }: Query,
  held: TimedEvent | undefined,
): Promise<TimedEvent | undefined> {
  const servers = (await rooms.joinedServers({ roomId })).filter((server) => server !== serverName);
  const distance = (event: TimedEvent) => (dir === 'f' ? event.originServerTs - ts : ts - event.originServerTs);
  for (const server of servers.slice(0, MAX_SERVERS)) {
    const answer = await remote.eventByTime(server, { roomId, ts, dir });
    if (!answer.ok || distance(answer.value) < 0) continue;
    if (held === undefined || distance(answer.value) < distance(held)) return answer.value;
  }
  return undefined;
}
