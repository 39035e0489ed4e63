// PUT /_matrix/federation/v1/send/{txnId} (Server-Server API, "Transactions")
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Sends one transaction. What the answer says of single PDUs is not looked at: a refused PDU is refused for good, and
 * some servers answer before they have processed anything.
 */
export async function sendTransaction(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly txnId: string; readonly body: JsonObject },
): Promise<FederationResult<void>> {
  const { destination, txnId, body } = args;
  const target = requestTarget('/_matrix/federation/v1/send/{}', [txnId]);
  const request = { destination, method: 'PUT', target, body, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES } as const;
  const answer = await client.request(request);
  return answer.ok ? allow(undefined) : answer;
}
