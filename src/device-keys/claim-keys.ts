import type { JsonObject } from '../matrix/json/json-value.ts';
import { askServers, byServer } from './ask-servers.ts';
import { nested, oneTimeKeysField, trustedOneTimeKeys } from './key-answers.ts';
import { claimLocalKeys } from './local-keys.ts';
import type { DeviceKeysDeps, KeyClaim } from './ports.ts';

/**
 * Takes one-time keys of devices, here and elsewhere.
 * @returns the body of an answer to `POST /keys/claim`.
 * Source: Client-Server API, "Key management API".
 */
export async function claimKeys(
  { serverName, local, remote }: DeviceKeysDeps,
  claims: readonly KeyClaim[],
  timeoutMs: number,
): Promise<JsonObject> {
  const { ours, theirs } = byServer(claims, serverName);
  const found: Record<string, JsonObject> = {};
  const asking = askServers(theirs, timeoutMs, async (server, asked, leftMs) => {
    const answer = await remote.claim(server, claimOf(asked), leftMs);
    if (answer === undefined) return undefined;
    Object.assign(found, trustedOneTimeKeys(answer, asked));
    return true;
  });
  const [claimed, silent] = await Promise.all([claimLocalKeys(local, ours), asking]);
  return {
    one_time_keys: { ...oneTimeKeysField(claimed), ...found },
    failures: Object.fromEntries(silent.map((server) => [server, {}])),
  };
}

const claimOf = (claims: readonly KeyClaim[]): JsonObject =>
  nested(
    claims,
    ({ userId }) => userId,
    (ofUser) => Object.fromEntries(ofUser.map(({ deviceId, algorithm }) => [deviceId, algorithm])),
  );
