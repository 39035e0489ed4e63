// GET /_matrix/federation/v1/event_auth/{roomId}/{eventId} (Server-Server API, "Retrieving event authorisation information")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

/** @returns the auth chain of the event. */
export async function getEventAuth(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId; readonly eventId: EventId },
): Promise<FederationResult<readonly JsonObject[]>> {
  const target = requestTarget('/_matrix/federation/v1/event_auth/{}/{}', [args.roomId, args.eventId]);
  const answer = await client.request({ destination: args.destination, method: 'GET', target });
  return answer.ok ? objectList(answer.value, 'auth_chain') : answer;
}
