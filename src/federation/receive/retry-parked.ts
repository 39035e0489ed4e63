// Without a request, a server's `Destination` fetches for a room what its parked events lack (contracts, section 4.2).
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { FederationFailure } from '../failure.ts';
import type { RoomDecisions } from './ports.ts';
import { receiveAgain, type AgainDeps } from './receive-again.ts';
import { notTaken } from './receive-in-room.ts';

/** A parked event, as it was received. */
export interface ParkedEvent {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  /** We asked for it, as the parent of another. */
  readonly isPulled?: boolean;
}

/** What a room is told of its parked events. */
export type RetryAnswer =
  /** `dropped`: for their own fault, such as a signature that turned out to be wrong. */
  | { readonly kind: 'tried'; readonly dropped: readonly EventId[] }
  /** Nothing was tried: the server failed lately and is left alone until then (ms). */
  | { readonly kind: 'waiting'; readonly until: number };

/**
 * Receives parked events again from the first check on, asking `server` for what is missing. What still cannot be
 * decided stays parked.
 * @param onAsked told of each request to `server`, with the failure of one that came to nothing.
 * @returns those that are dropped for their own fault.
 */
export async function retryParked(
  deps: AgainDeps,
  call: { readonly server: ServerName; readonly roomId: RoomId; readonly pdus: readonly ParkedEvent[] },
  background: (work: Promise<void>) => void,
  onAsked: (failure: FederationFailure | undefined) => void,
): Promise<readonly EventId[]> {
  const client = noting(deps.client, call.server, onAsked);
  const again = { ...deps, client, onNotTaken: notTaken, rooms: takenUp(deps.rooms) };
  const results = await receiveAgain(again, call, background);
  return results.filter(({ error }) => error !== undefined).map(({ eventId }) => eventId);
}

function noting(
  client: AgainDeps['client'],
  server: ServerName,
  onAsked: (failure: FederationFailure | undefined) => void,
): AgainDeps['client'] {
  return {
    async request(request) {
      const answer = await client.request(request);
      if (request.destination === server) onAsked(answer.ok ? undefined : answer.reason);
      return answer;
    },
  };
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
    serverRefused: (call) => rooms.serverRefused(call),
  };
}
