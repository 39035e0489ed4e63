import type { JsonObject } from '../matrix/json/json-value.ts';
import { askServers, byServer } from './ask-servers.ts';
import { deviceKeysField, trustedCrossSigningKeys, trustedDeviceKeys } from './key-answers.ts';
import { queryLocalKeys } from './local-keys.ts';
import type { DeviceKeysDeps, KeyQuery } from './ports.ts';

/**
 * The keys that users published, here and elsewhere.
 * @returns the body of an answer to `POST /keys/query`.
 * Source: Client-Server API, "Key management API".
 */
export async function queryKeys(
  { serverName, local, remote }: DeviceKeysDeps,
  queries: readonly KeyQuery[],
  timeoutMs: number,
): Promise<JsonObject> {
  const { ours, theirs } = byServer(queries, serverName);
  const found = { deviceKeys: {}, masterKeys: {}, selfSigningKeys: {} };
  const asking = askServers(theirs, timeoutMs, async (server, asked, leftMs) => {
    const answer = await remote.query(server, deviceKeysQuery(asked), leftMs);
    if (answer === undefined) return undefined;
    Object.assign(found.deviceKeys, trustedDeviceKeys(answer, asked));
    Object.assign(found.masterKeys, trustedCrossSigningKeys(answer, 'master_keys', asked));
    Object.assign(found.selfSigningKeys, trustedCrossSigningKeys(answer, 'self_signing_keys', asked));
    return true;
  });
  const [published, silent] = await Promise.all([queryLocalKeys(local, ours), asking]);
  return {
    device_keys: { ...deviceKeysField(published, true), ...found.deviceKeys },
    master_keys: found.masterKeys,
    self_signing_keys: found.selfSigningKeys,
    user_signing_keys: {},
    failures: Object.fromEntries(silent.map((server) => [server, {}])),
  };
}

const deviceKeysQuery = (queries: readonly KeyQuery[]): JsonObject =>
  Object.fromEntries(queries.map(({ userId, deviceIds }) => [userId, [...deviceIds]]));
