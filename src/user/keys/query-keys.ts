import type { SigningKeyUsage } from '../../matrix/crypto/cross-signing-key.ts';
import { withSignatures } from '../../matrix/crypto/merge-signatures.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { DeviceListStore } from '../device-lists/device-list-store.ts';
import type { KeySignature, SigningKeyStore } from '../cross-signing/signing-key-store.ts';
import type { KeyStore } from './key-store.ts';

export interface KeyQuery {
  readonly userId: UserId;
  /** Empty: all devices. */
  readonly deviceIds: readonly string[];
}

export interface PublishedDevice {
  readonly deviceId: string;
  /** The identity keys, as JSON. */
  readonly json: string;
  readonly displayName: string | undefined;
}

export interface PublishedDevices {
  readonly userId: UserId;
  readonly streamId: number;
  /** The public cross-signing keys, as JSON, with their signatures. */
  readonly signingKeys: Readonly<Partial<Record<SigningKeyUsage, string>>>;
  readonly devices: readonly PublishedDevice[];
}

interface QueryStores {
  readonly keys: Pick<KeyStore, 'deviceKeysOf'>;
  readonly deviceLists: Pick<DeviceListStore, 'streamId'>;
  readonly signingKeys: Pick<SigningKeyStore, 'signingKeys' | 'signatures'>;
  readonly people: Names;
}

interface Names {
  device(userId: UserId, deviceId: string): { readonly displayName: string | undefined } | undefined;
}

/** The devices that have published keys, of these users, with the signatures that the users made of their own keys. */
export const queryKeys = (stores: QueryStores, queries: readonly KeyQuery[]): readonly PublishedDevices[] =>
  queries.map((query) => publishedBy(stores, query));

/** {@link queryKeys} of one user. */
export function publishedBy(
  { keys, deviceLists, signingKeys, people }: QueryStores,
  { userId, deviceIds }: KeyQuery,
): PublishedDevices {
  const signatures = Map.groupBy(signingKeys.signatures(userId, [userId]), ({ of }) => of.key);
  const signed = (key: string, json: string) => withThese(json, userId, signatures.get(key));
  return {
    userId,
    streamId: deviceLists.streamId(userId),
    signingKeys: signingKeysOf(signingKeys.signingKeys(userId), signed),
    devices: keys
      .deviceKeysOf(userId)
      .filter(({ deviceId }) => deviceIds.length === 0 || deviceIds.includes(deviceId))
      .map(({ deviceId, json }) => ({
        deviceId,
        json: signed(deviceId, json),
        displayName: people.device(userId, deviceId)?.displayName,
      })),
  };
}

/** Whether others can know anything of the user's devices. */
export const hasPublished = (
  { keys, signingKeys }: Pick<QueryStores, 'keys' | 'signingKeys'>,
  userId: UserId,
): boolean => keys.deviceKeysOf(userId).length > 0 || signingKeys.signingKeys(userId).master !== undefined;

/** The master key is signed by devices; the others were signed by it before they came. */
function signingKeysOf(
  keys: PublishedDevices['signingKeys'],
  signed: (key: string, json: string) => string,
): PublishedDevices['signingKeys'] {
  const { master } = keys;
  if (master === undefined) return keys;
  const [publicKey = ''] = Object.values((JSON.parse(master) as { readonly keys: Record<string, string> }).keys);
  return { ...keys, master: signed(publicKey, master) };
}

function withThese(json: string, userId: UserId, signatures: readonly KeySignature[] = []): string {
  if (signatures.length === 0) return json;
  const more = Object.fromEntries(signatures.map(({ keyId, signature }) => [keyId, signature]));
  return JSON.stringify(withSignatures(JSON.parse(json) as JsonObject, userId, more));
}
