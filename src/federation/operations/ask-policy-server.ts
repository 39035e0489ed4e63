// POST /_matrix/policy/v1/sign (Server-Server API, "Policy Servers")
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient, FederationResult } from '../client.ts';

/** @param args.pdu the whole event, with the signatures that it has. @returns `{server: {keyId: signature}}`. */
export const askPolicyServer = (
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly pdu: JsonObject },
): Promise<FederationResult<JsonObject>> =>
  client.request({
    destination: args.destination,
    method: 'POST',
    target: '/_matrix/policy/v1/sign',
    body: args.pdu,
    maxBytes: 65_536,
  });
