import { withSignatures } from '../matrix/crypto/merge-signatures.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { askServers, byServer } from './ask-servers.ts';
import { deviceKeysField, signingKeysField, trustedCrossSigningKeys, trustedDeviceKeys } from './key-answers.ts';
import { queryLocalKeys } from './local-keys.ts';
import type { DeviceKeysDeps, KeyQuery, KeyReader, LocalKeys } from './ports.ts';

/**
 * The keys that users published, here and elsewhere, as one user sees them.
 * @returns the body of an answer to `POST /keys/query`.
 * Source: Client-Server API, "Key management API", "Key and signature security".
 */
export async function queryKeys(
  { serverName, local, remote }: DeviceKeysDeps,
  queries: readonly KeyQuery[],
  timeoutMs: number,
  reader: KeyReader,
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
  const masterKeys = { ...signingKeysField(published, 'master'), ...found.masterKeys };
  return {
    device_keys: { ...deviceKeysField(published, true), ...found.deviceKeys },
    master_keys: await withOwnSignatures(local, reader, masterKeys),
    self_signing_keys: { ...signingKeysField(published, 'self_signing'), ...found.selfSigningKeys },
    user_signing_keys: signingKeysField(
      published.filter(({ userId }) => userId === reader.userId),
      'user_signing',
    ),
    failures: Object.fromEntries(silent.map((server) => [server, {}])),
  };
}

const deviceKeysQuery = (queries: readonly KeyQuery[]): JsonObject =>
  Object.fromEntries(queries.map(({ userId, deviceIds }) => [userId, [...deviceIds]]));

/** With what the reader's user-signing key has signed of others, which is kept with the reader. */
async function withOwnSignatures(
  local: Pick<LocalKeys, 'signaturesOf'>,
  reader: KeyReader,
  masterKeys: Readonly<Record<string, JsonObject>>,
): Promise<JsonObject> {
  const others = Object.keys(masterKeys).filter((userId) => userId !== reader.userId) as UserId[];
  if (others.length === 0) return masterKeys;
  const signed = { ...masterKeys };
  for (const { of, keyId, signature } of await local.signaturesOf(reader, others)) {
    const key = signed[of.userId];
    const names = key?.['keys'];
    if (key === undefined || !isJsonObject(names) || !Object.hasOwn(names, `ed25519:${of.key}`)) continue;
    signed[of.userId] = withSignatures(key, reader.userId, { [keyId]: signature });
  }
  return signed;
}
