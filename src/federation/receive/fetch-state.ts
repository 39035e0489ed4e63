// While a room answers `needs`: the state before an event whose parents nobody produces, as a server claims it.
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { FederationClient } from '../client.ts';
import { noteRefused, type RefusedRoom } from '../note-refused.ts';
import { getStateIds, type StateIds } from '../operations/get-state-ids.ts';
import type { ReceivingRoom } from './receiving-room.ts';

/** Servers that are asked for one claim. */
const MAX_ASKED = 3;

/**
 * Asks a server other than the one that sent the event, where there is one: who forged a parent would also forge the
 * state. @returns `undefined` where none of them says.
 */
export async function fetchState(
  { client, rooms }: { readonly client: Pick<FederationClient, 'request'>; readonly rooms: RefusedRoom },
  { roomId, origin }: ReceivingRoom,
  eventId: EventId,
  others: readonly ServerName[],
): Promise<StateIds | undefined> {
  for (const destination of [...others.slice(0, MAX_ASKED - 1), origin]) {
    const answer = await getStateIds(client, { destination, roomId, eventId });
    if (answer.ok) return answer.value;
    await noteRefused(rooms, roomId, destination, answer.reason);
  }
  return undefined;
}
