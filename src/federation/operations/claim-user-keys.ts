// POST /_matrix/federation/v1/user/keys/claim (Server-Server API, "End-to-End Encryption")
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient, FederationResult } from '../client.ts';
import { object } from './answer-shape.ts';

/** @param args.oneTimeKeys a map from user ID to device ID to algorithm. @returns the `one_time_keys`. */
export async function claimUserKeys(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly oneTimeKeys: JsonObject; readonly timeoutMs: number },
): Promise<FederationResult<JsonObject>> {
  const answer = await client.request({
    destination: args.destination,
    method: 'POST',
    target: '/_matrix/federation/v1/user/keys/claim',
    body: { one_time_keys: args.oneTimeKeys },
    timeoutMs: args.timeoutMs,
  });
  return answer.ok ? object(answer.value, 'one_time_keys') : answer;
}
