// PUT /_matrix/federation/v2/send_join/{roomId}/{eventId} (Server-Server API, "Joining Rooms")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import { parseAnswer, requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

/** A large room answers with tens of megabytes; an isolate has 128 MB. */
const MAX_BYTES = 100 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

export interface SendJoinAnswer {
  /** The resolved state before the join. */
  readonly state: readonly JsonObject[];
  readonly authChain: readonly JsonObject[];
  /** The join event with the resident server's signature; a restricted join needs it. */
  readonly event: JsonObject | undefined;
}

export interface SendJoin {
  readonly destination: ServerName;
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly event: JsonObject;
}

/** Sends the signed join. The answer is not parsed yet: this is where a parser of streams will take it. */
export function sendJoin(
  client: Pick<FederationClient, 'requestBytes'>,
  { destination, roomId, eventId, event }: SendJoin,
): Promise<FederationResult<Uint8Array>> {
  const target = requestTarget('/_matrix/federation/v2/send_join/{}/{}', [roomId, eventId]);
  return client.requestBytes({
    destination,
    method: 'PUT',
    target,
    body: event,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
}

export function parseSendJoin(bytes: Uint8Array): FederationResult<SendJoinAnswer> {
  const parsed = parseAnswer(bytes);
  if (!parsed.ok) return parsed;
  const answer = parsed.value;
  if (!isJsonObject(answer)) return deny({ kind: 'garbage', reason: 'the answer is not a JSON object' });
  // We never ask for it: state without members would let a join be judged against a room that does not exist.
  if (answer['members_omitted'] === true) return deny({ kind: 'garbage', reason: 'members are omitted' });
  const state = objectList(answer, 'state');
  if (!state.ok) return state;
  const authChain = objectList(answer, 'auth_chain');
  if (!authChain.ok) return authChain;
  const event = answer['event'];
  return allow({ state: state.value, authChain: authChain.value, event: isJsonObject(event) ? event : undefined });
}
