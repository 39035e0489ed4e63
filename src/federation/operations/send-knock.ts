// PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId} (Server-Server API, "Knocking upon a room")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

/**
 * @returns `knock_room_state`, which nobody has checked yet. What is no object in it is passed over: the knock is taken,
 * whatever else the answer holds.
 */
export async function sendKnock(
  client: Pick<FederationClient, 'request'>,
  args: {
    readonly destination: ServerName;
    readonly roomId: RoomId;
    readonly eventId: EventId;
    readonly event: JsonObject;
  },
): Promise<FederationResult<readonly JsonObject[]>> {
  const { destination, roomId, eventId, event } = args;
  const target = requestTarget('/_matrix/federation/v1/send_knock/{}/{}', [roomId, eventId]);
  const answer = await client.request({ destination, method: 'PUT', target, body: event });
  if (!answer.ok) return answer;
  const state = answer.value['knock_room_state'];
  const entries: readonly JsonValue[] = Array.isArray(state) ? state : [];
  return allow(entries.filter(isJsonObject));
}
