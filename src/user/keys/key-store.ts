import type { UserId } from '../../matrix/ids/brands.ts';

/** A device of a local user. */
export interface DeviceOf {
  readonly userId: UserId;
  readonly deviceId: string;
}

/** A key by its name, `<algorithm>:<key ID>`, with its value as JSON text: an object, or a string. */
export interface NamedKey {
  readonly algorithm: string;
  readonly keyId: string;
  readonly json: string;
}

/** The keys that devices of a shard's users publish. Synchronous. */
export interface KeyStore {
  /** The identity keys of a device, as JSON. */
  deviceKeys(device: DeviceOf): string | undefined;
  putDeviceKeys(device: DeviceOf, json: string): void;
  /** Of all devices of the user that have any. */
  deviceKeysOf(userId: UserId): readonly { readonly deviceId: string; readonly json: string }[];
  /** Its JSON; `null`: it was claimed; `undefined`: there is none of that name. */
  oneTimeKey(device: DeviceOf, algorithm: string, keyId: string): string | null | undefined;
  addOneTimeKey(device: DeviceOf, key: NamedKey, now: number): void;
  /** Takes the one that was uploaded first. */
  takeOneTimeKey(device: DeviceOf, algorithm: string, now: number): NamedKey | undefined;
  /** Each user with devices that have published keys, with one of these. */
  usersWithDeviceKeys(): readonly DeviceOf[];
  /** Who has any that was not claimed. */
  usersWithOneTimeKeys(): readonly UserId[];
  /** As if all had been claimed. */
  dropOneTimeKeys(now: number): void;
  /** Unclaimed ones, by algorithm. */
  countOneTimeKeys(device: DeviceOf): Readonly<Record<string, number>>;
  forgetClaimedBefore(device: DeviceOf, ts: number): void;
  fallbackKey(device: DeviceOf, algorithm: string): NamedKey | undefined;
  putFallbackKey(device: DeviceOf, key: NamedKey): void;
  markFallbackKeyUsed(device: DeviceOf, algorithm: string): void;
  /** Algorithms of those that were not claimed yet. */
  unusedFallbackKeys(device: DeviceOf): readonly string[];
  /** All of them. @returns whether the device had identity keys. */
  removeKeys(device: DeviceOf): boolean;
}
