// GET /_matrix/key/v2/server (Server-Server API, "Publishing Keys")
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient, FederationResult } from '../client.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 262_144;

/** @returns the key object as it came; `readServerKeys` checks it. */
export function getServerKeys(
  client: Pick<FederationClient, 'request'>,
  destination: ServerName,
): Promise<FederationResult<JsonObject>> {
  const target = '/_matrix/key/v2/server';
  return client.request({ destination, method: 'GET', target, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
}
