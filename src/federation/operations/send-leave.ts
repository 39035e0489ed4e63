// PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId} (Server-Server API, "Leaving Rooms (Rejecting Invites)")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

export async function sendLeave(
  client: Pick<FederationClient, 'request'>,
  args: {
    readonly destination: ServerName;
    readonly roomId: RoomId;
    readonly eventId: EventId;
    readonly event: JsonObject;
  },
): Promise<FederationResult<void>> {
  const { destination, roomId, eventId, event } = args;
  const target = requestTarget('/_matrix/federation/v2/send_leave/{}/{}', [roomId, eventId]);
  const answer = await client.request({ destination, method: 'PUT', target, body: event });
  return answer.ok ? allow(undefined) : answer;
}
