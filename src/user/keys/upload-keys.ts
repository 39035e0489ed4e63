import { invalidParam, tooLarge } from '../../matrix/error.ts';
import { noteDeviceChange, type DeviceListStores } from '../device-lists/note-change.ts';
import type { SigningKeyStore } from '../cross-signing/signing-key-store.ts';
import type { DeviceOf, KeyStore, NamedKey } from './key-store.ts';

export interface KeyUpload extends DeviceOf {
  /** As JSON; `undefined`: they stay. */
  readonly deviceKeys: string | undefined;
  readonly oneTimeKeys: readonly NamedKey[];
  /** At most one for each algorithm. */
  readonly fallbackKeys: readonly NamedKey[];
}

interface UploadStores extends DeviceListStores {
  readonly keys: KeyStore;
  readonly signingKeys: Pick<SigningKeyStore, 'removeSignaturesOf'>;
}

/** More than any client keeps private parts of. */
const MAX_ONE_TIME_KEYS = 1_000;

/** An upload that is repeated after this could bring a claimed key back. */
const REMEMBER_CLAIMED_MS = 30 * 24 * 3_600_000;

/**
 * Publishes keys of a device. A key that is there already is left alone, also when it was claimed meanwhile: a client
 * that lost the answer uploads the same ones again. Throws `M_INVALID_PARAM` for another key of a name that is taken,
 * `M_TOO_LARGE` for too many.
 * @returns the unclaimed one-time keys, by algorithm.
 * Source: Client-Server API, "Uploading keys".
 */
export function uploadKeys(
  { keys: store, signingKeys, ...lists }: UploadStores,
  upload: KeyUpload,
  now: number,
): Readonly<Record<string, number>> {
  store.forgetClaimedBefore(upload, now - REMEMBER_CLAIMED_MS);
  if (upload.deviceKeys !== undefined && upload.deviceKeys !== store.deviceKeys(upload)) {
    store.putDeviceKeys(upload, upload.deviceKeys);
    signingKeys.removeSignaturesOf(upload.userId, { userId: upload.userId, key: upload.deviceId });
    noteDeviceChange(lists, upload);
  }
  for (const key of upload.oneTimeKeys) addOneTimeKey(store, upload, key, now);
  for (const key of upload.fallbackKeys) {
    const held = store.fallbackKey(upload, key.algorithm);
    if (held?.keyId !== key.keyId || held.json !== key.json) store.putFallbackKey(upload, key);
  }
  const counts = store.countOneTimeKeys(upload);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total > MAX_ONE_TIME_KEYS) throw tooLarge(`A device may have at most ${MAX_ONE_TIME_KEYS} one-time keys`);
  return counts;
}

function addOneTimeKey(store: KeyStore, device: DeviceOf, key: NamedKey, now: number): void {
  const held = store.oneTimeKey(device, key.algorithm, key.keyId);
  if (held === undefined) store.addOneTimeKey(device, key, now);
  else if (held !== null && held !== key.json) {
    throw invalidParam(`There is another one-time key with the name ${key.algorithm}:${key.keyId}`);
  }
}
