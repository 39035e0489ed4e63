// An administrator's repair: the state of a room as a named server has it.
import type { EventId } from '../../matrix/ids/brands.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { FederationClient } from '../client.ts';
import { describeFailure } from '../failure.ts';
import { noteRefused } from '../note-refused.ts';
import { getStateIds } from '../operations/get-state-ids.ts';
import { fetchAuthEvents } from './fetch-auth-events.ts';
import type { RoomDecisions } from './ports.ts';
import type { PduChecks } from './receive-pdu.ts';
import type { ReceivingRoom } from './receiving-room.ts';

/** Of the ends of our graph, the first so many are asked about. */
const MAX_EXTREMITIES = 10;
/** One request each. Who lacks more had better leave the room and join it again. */
const MAX_FETCHED = 500;

export interface ClaimedStates {
  readonly claims: readonly { readonly eventId: EventId; readonly state: readonly EventId[] }[];
  /** Events that we had not, fetched from the server. */
  readonly fetched: number;
}

/**
 * Asks a server for the state before each end of our graph, and for what of it we lack, which is checked and stored.
 * @param room whose `origin` is the server that is asked.
 * @returns the claims, or a sentence for the administrator.
 */
export async function fetchClaimedStates(
  deps: PduChecks & { readonly client: Pick<FederationClient, 'request'>; readonly rooms: RoomDecisions },
  room: ReceivingRoom,
): Promise<Result<ClaimedStates, string>> {
  const { roomId, origin: destination } = room;
  const { extremities } = await deps.rooms.frontier({ roomId });
  const claims: { eventId: EventId; state: readonly EventId[] }[] = [];
  const named = new Set<EventId>();
  let why = 'the room has no events here';
  for (const eventId of extremities.slice(0, MAX_EXTREMITIES)) {
    const answer = await getStateIds(deps.client, { destination, roomId, eventId });
    if (!answer.ok) {
      why = describeFailure(answer.reason);
      await noteRefused(deps.rooms, roomId, destination, answer.reason);
      continue;
    }
    claims.push({ eventId, state: answer.value.state });
    for (const id of [...answer.value.state, ...answer.value.authChain]) named.add(id);
  }
  if (claims.length === 0) return deny(`${destination} gave no state: ${why}`);
  const unknown = await deps.rooms.unknownEvents({ roomId, eventIds: [...named] });
  if (unknown.length > MAX_FETCHED) return deny(`${unknown.length} events are missing, more than can be fetched`);
  const fetched = unknown.length === 0 ? 0 : await fetchAuthEvents(deps, room, unknown, MAX_FETCHED);
  const left = await deps.rooms.unknownEvents({ roomId, eventIds: claims.flatMap(({ state }) => state) });
  if (left.length > 0) return deny(`${destination} does not give ${left.length} events of the state that it claims`);
  return allow({ claims, fetched });
}
