// PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId} (Server-Server API, "Third-party invites")
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

/** The other server asks ours to sign the invitation before it answers. */
const TIMEOUT_MS = 30_000;

export async function exchangeThirdPartyInvite(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId; readonly event: JsonObject },
): Promise<FederationResult<void>> {
  const { destination, roomId, event } = args;
  const target = requestTarget('/_matrix/federation/v1/exchange_third_party_invite/{}', [roomId]);
  const answer = await client.request({ destination, method: 'PUT', target, body: event, timeoutMs: TIMEOUT_MS });
  return answer.ok ? allow(undefined) : answer;
}
