// POST /_matrix/federation/v1/user/keys/query (Server-Server API, "End-to-End Encryption")
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient, FederationResult } from '../client.ts';

/** @param args.deviceKeys a map from user ID to a list of device IDs; an empty list means all. */
export const queryUserKeys = (
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly deviceKeys: JsonObject; readonly timeoutMs: number },
): Promise<FederationResult<JsonObject>> =>
  client.request({
    destination: args.destination,
    method: 'POST',
    target: '/_matrix/federation/v1/user/keys/query',
    body: { device_keys: args.deviceKeys },
    timeoutMs: args.timeoutMs,
  });
