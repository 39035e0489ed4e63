import type { Config } from '../../config.ts';
import { discardBody, readCapped, withTimeout } from '../../federation/http-fetch.ts';
import { isPrivateUrl } from '../../federation/private-address.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import type { GatewayAnswer } from '../../user/pushes/run-pushes.ts';

/** A gateway that is slower has not taken the push. */
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;

const FAILED: GatewayAnswer = { kind: 'failed' };

/** Tells a push gateway. Redirects are not followed: the URL is the client's. Never rejects. */
export async function notifyGateway(config: Config, url: string, body: JsonObject): Promise<GatewayAnswer> {
  const target = URL.parse(url);
  if (target === null || (!config.allowPrivateAddresses && isPrivateUrl(target))) return FAILED;
  try {
    return await withTimeout(TIMEOUT_MS, async (signal) => {
      const response = await fetch(target.href, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });
      if (!response.ok) {
        await discardBody(response);
        return FAILED;
      }
      return { kind: 'taken', rejected: rejectedIn(await readCapped(response, MAX_ANSWER_BYTES)) };
    });
  } catch {
    return FAILED;
  }
}

/** An answer that is not as it should be has rejected nothing. */
function rejectedIn(body: Uint8Array): readonly string[] {
  const parsed = parseJson(new TextDecoder().decode(body));
  const rejected = parsed.ok && isJsonObject(parsed.value) ? parsed.value['rejected'] : undefined;
  return Array.isArray(rejected) ? (rejected as JsonValue[]).filter((item) => typeof item === 'string') : [];
}
