// GET /_matrix/federation/v1/state/{roomId} (Server-Server API, "Retrieving events")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

const MAX_BYTES = 100 * 1024 * 1024;

export interface StateAnswer {
  /** The state before the event. */
  readonly state: readonly JsonObject[];
  readonly authChain: readonly JsonObject[];
}

export async function getState(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId; readonly eventId: EventId },
): Promise<FederationResult<StateAnswer>> {
  const { destination, roomId, eventId } = args;
  const target = requestTarget('/_matrix/federation/v1/state/{}', [roomId], [['event_id', eventId]]);
  const request = { destination, method: 'GET', target, timeoutMs: 60_000, maxBytes: MAX_BYTES } as const;
  const answer = await client.request(request);
  if (!answer.ok) return answer;
  const state = objectList(answer.value, 'pdus');
  if (!state.ok) return state;
  const authChain = objectList(answer.value, 'auth_chain');
  return authChain.ok ? allow({ state: state.value, authChain: authChain.value }) : authChain;
}
