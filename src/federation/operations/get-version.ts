// GET /_matrix/federation/v1/version (Server-Server API, "Server implementation")
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient, FederationResult } from '../client.ts';

const MAX_BYTES = 65_536;

export function getVersion(
  client: Pick<FederationClient, 'request'>,
  { destination, timeoutMs }: { readonly destination: ServerName; readonly timeoutMs: number },
): Promise<FederationResult<JsonObject>> {
  const target = '/_matrix/federation/v1/version';
  return client.request({ destination, method: 'GET', target, timeoutMs, maxBytes: MAX_BYTES, isUnsigned: true });
}
