import type { DeviceList } from '../matrix/device-lists/device-list.ts';
import { withSignatures } from '../matrix/crypto/merge-signatures.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { byServer } from './ask-servers.ts';
import { deviceKeysField, signingKeysField } from './key-answers.ts';
import { queryLocalKeys } from './local-keys.ts';
import type { DeviceKeysDeps, KeyQuery, KeyReader, LocalKeys } from './ports.ts';
import { queryRemoteKeys, type RemoteAnswer } from './query-remote-keys.ts';

/**
 * The keys that users published, here and elsewhere, as one user sees them.
 * @returns the body of an answer to `POST /keys/query`.
 * Source: Client-Server API, "Key management API", "Key and signature security".
 */
export async function queryKeys(
  deps: DeviceKeysDeps,
  queries: readonly KeyQuery[],
  timeoutMs: number,
  reader: KeyReader,
): Promise<JsonObject> {
  const { serverName, local } = deps;
  const { ours, theirs } = byServer(queries, serverName);
  const [published, remote] = await Promise.all([
    queryLocalKeys(local, ours),
    queryRemoteKeys(deps, theirs, timeoutMs, reader),
  ]);
  const masterKeys = { ...signingKeysField(published, 'master'), ...ofLists(remote, ({ master }) => master) };
  return {
    device_keys: { ...deviceKeysField(published, true), ...remoteDevices(remote, queries) },
    master_keys: await withOwnSignatures(local, reader, masterKeys),
    self_signing_keys: {
      ...signingKeysField(published, 'self_signing'),
      ...ofLists(remote, ({ selfSigning }) => selfSigning),
    },
    user_signing_keys: signingKeysField(
      published.filter(({ userId }) => userId === reader.userId),
      'user_signing',
    ),
    failures: Object.fromEntries(remote.silent.map((server) => [server, {}])),
  };
}

function ofLists(
  { lists }: RemoteAnswer,
  part: (list: DeviceList, userId: UserId) => JsonObject | undefined,
): Record<string, JsonObject> {
  return Object.fromEntries(
    [...lists].flatMap(([userId, list]) => {
      const value = part(list, userId);
      return value === undefined ? [] : [[userId, value] as const];
    }),
  );
}

/** The devices that were asked for. */
function remoteDevices(remote: RemoteAnswer, queries: readonly KeyQuery[]): Record<string, JsonObject> {
  const wanted = new Map(queries.map(({ userId, deviceIds }) => [userId, deviceIds]));
  return ofLists(remote, ({ devices }, userId) => {
    const deviceIds = wanted.get(userId) ?? [];
    return Object.fromEntries(
      Object.entries(devices).filter(([id]) => deviceIds.length === 0 || deviceIds.includes(id)),
    );
  });
}

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
