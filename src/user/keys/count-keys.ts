import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceOf, KeyStore } from './key-store.ts';

export interface KeyCounts {
  /** Unclaimed one-time keys, by algorithm; of the one that devices use, also that there is none. */
  readonly oneTimeKeys: Readonly<Record<string, number>>;
  /** Algorithms whose fallback key was not used yet. */
  readonly unusedFallbackKeys: readonly string[];
}

/** In sliding sync clients take a count that is missing for one that has not changed, and would upload no more keys. */
export const NO_KEYS: KeyCounts = { oneTimeKeys: { signed_curve25519: 0 }, unusedFallbackKeys: [] };

/** What the device has left of keys that others use up. */
export function countKeys(store: KeyStore, device: DeviceOf): KeyCounts {
  return {
    oneTimeKeys: { ...NO_KEYS.oneTimeKeys, ...store.countOneTimeKeys(device) },
    unusedFallbackKeys: store.unusedFallbackKeys(device),
  };
}

export interface CountedKeys extends DeviceOf, KeyCounts {}

/** The same of all devices of these users that have identity keys. */
export function countKeysOf(store: KeyStore, userIds: readonly UserId[]): readonly CountedKeys[] {
  return userIds.flatMap((userId) =>
    store.deviceKeysOf(userId).map(({ deviceId }) => ({
      userId,
      deviceId,
      ...countKeys(store, { userId, deviceId }),
    })),
  );
}
