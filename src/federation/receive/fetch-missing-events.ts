// While a room answers `needs`: parents that it lacks, from the server that sent the child.
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient } from '../client.ts';
import { getEvent } from '../operations/get-event.ts';
import { getMissingEvents } from '../operations/get-missing-events.ts';

/** Events that are pulled for one transaction and room (contracts, section 4.2). */
export const MAX_PULLED = 20;

/**
 * What lies between the room and events whose parents it lacks; then, one by one, what of the parents did not come.
 * @returns at most {@link MAX_PULLED} PDUs as the server sent them, unchecked; fewer or none where it gives none.
 */
export async function fetchMissingEvents(
  client: Pick<FederationClient, 'request'>,
  query: {
    readonly origin: ServerName;
    readonly roomId: RoomId;
    readonly earliest: readonly EventId[];
    readonly latest: readonly EventId[];
  },
): Promise<readonly JsonObject[]> {
  const { origin: destination, roomId, earliest, latest } = query;
  const answer = await getMissingEvents(client, {
    destination,
    roomId,
    earliest,
    latest,
    limit: MAX_PULLED,
    minDepth: 0,
  });
  return answer.ok ? answer.value.slice(0, MAX_PULLED) : [];
}

/** Events by their IDs, one request each, until the server does not answer at all. */
export async function fetchEvents(
  client: Pick<FederationClient, 'request'>,
  origin: ServerName,
  eventIds: readonly EventId[],
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  for (const eventId of eventIds) {
    const answer = await getEvent(client, { destination: origin, eventId });
    if (answer.ok) found.push(answer.value);
    else if (answer.reason.kind === 'unreachable' || answer.reason.kind === 'timeout') break;
  }
  return found;
}
