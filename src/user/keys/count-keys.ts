import type { DeviceOf, KeyStore } from './key-store.ts';

export interface KeyCounts {
  /** Unclaimed one-time keys, by algorithm. */
  readonly oneTimeKeys: Readonly<Record<string, number>>;
  /** Algorithms whose fallback key was not used yet. */
  readonly unusedFallbackKeys: readonly string[];
}

/** What the device has left of keys that others use up. */
export function countKeys(store: KeyStore, device: DeviceOf): KeyCounts {
  return { oneTimeKeys: store.countOneTimeKeys(device), unusedFallbackKeys: store.unusedFallbackKeys(device) };
}
