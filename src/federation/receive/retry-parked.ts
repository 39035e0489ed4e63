// Without a request, a server's `Destination` fetches for a room what its parked events lack (contracts, section 4.2).
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { RoomDecisions } from './ports.ts';
import { receiveAgain, type AgainDeps } from './receive-again.ts';
import { notTaken } from './receive-in-room.ts';

/** A parked event, as it was received. */
export interface ParkedEvent {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
}

/**
 * Receives parked events again from the first check on, asking `server` for what is missing. What still cannot be
 * decided stays parked.
 * @returns those that are dropped for their own fault, such as a signature that turned out to be wrong.
 */
export async function retryParked(
  deps: AgainDeps,
  call: { readonly server: ServerName; readonly roomId: RoomId; readonly pdus: readonly ParkedEvent[] },
  background: (work: Promise<void>) => void,
): Promise<readonly EventId[]> {
  const results = await receiveAgain({ ...deps, onNotTaken: notTaken, rooms: takenUp(deps.rooms) }, call, background);
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
