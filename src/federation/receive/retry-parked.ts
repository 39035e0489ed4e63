// Without a request, a server's `Destination` fetches for a room what its parked events lack (contracts, section 4.2).
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { RoomDecisions } from './ports.ts';
import { receiveInRoom } from './receive-in-room.ts';
import type { TransactionDeps } from './receive-transaction.ts';

/** Nobody waits for an answer here but the room's alarm. */
const DEADLINES_MS = { keys: 10_000, fetching: 20_000, answer: 25_000 };

/** A parked event, as it was received. */
export interface ParkedEvent {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
}

type RetryDeps = Pick<TransactionDeps, 'serverName' | 'keys' | 'client' | 'rooms' | 'knownRooms' | 'after'>;

/**
 * Receives parked events again from the first check on, asking `server` for what is missing. What still cannot be
 * decided stays parked.
 * @returns those that are dropped for their own fault, such as a signature that turned out to be wrong.
 */
export async function retryParked(
  deps: RetryDeps,
  call: { readonly server: ServerName; readonly roomId: RoomId; readonly pdus: readonly ParkedEvent[] },
  background: (work: Promise<void>) => void,
): Promise<readonly EventId[]> {
  const { server, roomId, pdus } = call;
  const version = await deps.knownRooms.versionOf(roomId);
  const rules = version === undefined ? undefined : roomVersionRules(version);
  if (rules === undefined) return [];
  const events = pdus.flatMap(({ json }) => {
    const parsed = parseJson(json);
    return parsed.ok && isJsonObject(parsed.value) ? [parsed.value] : [];
  });
  const deadlines = {
    keys: deps.after(DEADLINES_MS.keys),
    fetching: deps.after(DEADLINES_MS.fetching),
    answer: deps.after(DEADLINES_MS.answer),
    background,
  };
  const room = { roomId, rules, origin: server };
  const results = await receiveInRoom({ ...deps, rooms: takenUp(deps.rooms) }, room, events, deadlines);
  return results.filter(({ error }) => error !== undefined).map(({ eventId }) => eventId);
}

function takenUp(rooms: RoomDecisions): RoomDecisions {
  return {
    decide: (call) => rooms.decide({ ...call, isTakenUp: true }),
    park: (call) => rooms.park({ ...call, isTakenUp: true }),
    storeOutliers: (call) => rooms.storeOutliers(call),
    unknownEvents: (call) => rooms.unknownEvents(call),
    beginFill: (call) => rooms.beginFill(call),
    endFill: (call) => rooms.endFill(call),
    frontier: (call) => rooms.frontier(call),
  };
}
