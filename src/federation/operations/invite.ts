// PUT /_matrix/federation/v2/invite/{roomId}/{eventId}, and v1 of it (Server-Server API, "Inviting to a room")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { deny } from '../../matrix/result.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import type { FederationFailure } from '../failure.ts';
import { object } from './answer-shape.ts';

const TIMEOUT_MS = 30_000;

export interface Invite {
  readonly destination: ServerName;
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly event: JsonObject;
  readonly rules: RoomVersionRules;
  /** State that helps the invited to know the room, `m.room.create` among it, as whole PDUs. */
  readonly inviteRoomState: readonly JsonObject[];
}

/**
 * Asks the invited user's server to sign the invite. v1 is tried only for rooms that a server without v2 can know.
 * @returns the event with that server's signature, which nobody has checked yet.
 */
export async function invite(
  client: Pick<FederationClient, 'request' | 'requestJson'>,
  invitation: Invite,
): Promise<FederationResult<JsonObject>> {
  const { destination, roomId, eventId, event, rules, inviteRoomState } = invitation;
  const target = requestTarget('/_matrix/federation/v2/invite/{}/{}', [roomId, eventId]);
  const body = { room_version: rules.id, event, invite_room_state: inviteRoomState };
  const answer = await client.request({ destination, method: 'PUT', target, body, timeoutMs: TIMEOUT_MS });
  if (answer.ok) return object(answer.value, 'event');
  return rules.signedByEventIdDomain && mayKnowOnlyV1(answer.reason) ? inviteV1(client, invitation) : answer;
}

function mayKnowOnlyV1(failure: FederationFailure): boolean {
  return failure.kind === 'refused' && (failure.status === 400 || failure.status === 404);
}

async function inviteV1(
  client: Pick<FederationClient, 'requestJson'>,
  { destination, roomId, eventId, event, inviteRoomState }: Invite,
): Promise<FederationResult<JsonObject>> {
  const target = requestTarget('/_matrix/federation/v1/invite/{}/{}', [roomId, eventId]);
  const unsigned = isJsonObject(event['unsigned']) ? event['unsigned'] : {};
  const body = { ...event, unsigned: { ...unsigned, invite_room_state: inviteRoomState } };
  const answer = await client.requestJson({ destination, method: 'PUT', target, body, timeoutMs: TIMEOUT_MS });
  if (!answer.ok) return answer;
  // `[200, {"event": …}]`, a mistake that v1 keeps for compatibility.
  const second = Array.isArray(answer.value) ? (answer.value as readonly JsonValue[])[1] : undefined;
  if (!isJsonObject(second)) return deny({ kind: 'garbage', reason: 'the answer is not a pair' });
  return object(second, 'event');
}
