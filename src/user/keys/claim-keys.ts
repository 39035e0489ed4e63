import type { DeviceOf, KeyStore, NamedKey } from './key-store.ts';

export interface KeyClaim extends DeviceOf {
  readonly algorithm: string;
}

export interface ClaimedKey extends DeviceOf, NamedKey {}

/**
 * Takes a key for each claim: a one-time key where there is one, else the fallback key. Where there is neither, the
 * device is missing in the answer. Source: Client-Server API, "Claiming one-time encryption keys".
 */
export function claimKeys(store: KeyStore, claims: readonly KeyClaim[], now: number): readonly ClaimedKey[] {
  return claims.flatMap((claim) => {
    const key = store.takeOneTimeKey(claim, claim.algorithm, now) ?? useFallbackKey(store, claim);
    return key === undefined ? [] : [{ userId: claim.userId, deviceId: claim.deviceId, ...key }];
  });
}

function useFallbackKey(store: KeyStore, claim: KeyClaim): NamedKey | undefined {
  const key = store.fallbackKey(claim, claim.algorithm);
  if (key !== undefined) store.markFallbackKeyUsed(claim, claim.algorithm);
  return key;
}
