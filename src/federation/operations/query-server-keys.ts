// POST /_matrix/key/v2/query (Server-Server API, "Querying Keys Through Another Server")
import type { ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import type { FederationClient, FederationResult } from '../client.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 262_144;
/** A notary may have several answers of one server. */
const MAX_ANSWERS = 20;

/** Asks a notary for the keys of another server, or for one of them. @returns its key objects as they came. */
export async function queryServerKeys(
  client: Pick<FederationClient, 'request'>,
  query: { readonly destination: ServerName; readonly server: ServerName; readonly keyId?: string },
): Promise<FederationResult<readonly JsonObject[]>> {
  const { destination, server, keyId } = query;
  const answer = await client.request({
    destination,
    method: 'POST',
    target: '/_matrix/key/v2/query',
    body: { server_keys: { [server]: keyId === undefined ? {} : { [keyId]: {} } } },
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
  if (!answer.ok) return answer;
  const { server_keys: found } = answer.value;
  if (!Array.isArray(found)) return deny({ kind: 'garbage', reason: 'server_keys is no list' });
  return allow((found as readonly JsonValue[]).filter(isJsonObject).slice(0, MAX_ANSWERS));
}
