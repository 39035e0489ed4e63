import type { UserId } from '../../matrix/ids/brands.ts';
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
  readonly devices: readonly PublishedDevice[];
}

interface Names {
  device(userId: UserId, deviceId: string): { readonly displayName: string | undefined } | undefined;
}

/** The devices that have published keys, of these users. */
export function queryKeys(
  store: Pick<KeyStore, 'deviceKeysOf' | 'deviceListStream'>,
  names: Names,
  queries: readonly KeyQuery[],
): readonly PublishedDevices[] {
  return queries.map(({ userId, deviceIds }) => ({
    userId,
    streamId: store.deviceListStream(userId),
    devices: store
      .deviceKeysOf(userId)
      .filter(({ deviceId }) => deviceIds.length === 0 || deviceIds.includes(deviceId))
      .map(({ deviceId, json }) => ({ deviceId, json, displayName: names.device(userId, deviceId)?.displayName })),
  }));
}
