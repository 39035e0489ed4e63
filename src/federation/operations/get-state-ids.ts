// GET /_matrix/federation/v1/state_ids/{roomId} (Server-Server API, "Retrieving events")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { eventIdList } from './answer-shape.ts';

export interface StateIds {
  /** The state before the event. */
  readonly state: readonly EventId[];
  readonly authChain: readonly EventId[];
}

export async function getStateIds(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId; readonly eventId: EventId },
): Promise<FederationResult<StateIds>> {
  const { destination, roomId, eventId } = args;
  const target = requestTarget('/_matrix/federation/v1/state_ids/{}', [roomId], [['event_id', eventId]]);
  const answer = await client.request({ destination, method: 'GET', target, timeoutMs: 30_000 });
  if (!answer.ok) return answer;
  const state = eventIdList(answer.value, 'pdu_ids');
  if (!state.ok) return state;
  const authChain = eventIdList(answer.value, 'auth_chain_ids');
  return authChain.ok ? allow({ state: state.value, authChain: authChain.value }) : authChain;
}
