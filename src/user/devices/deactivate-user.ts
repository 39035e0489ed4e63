import type { UserId } from '../../matrix/ids/brands.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { DeviceStore } from './device-store.ts';
import { removeDevice } from './remove-device.ts';

/** Ends a user's sessions for ever and drops what they kept here. Source: Client-Server API, "Account deactivation". */
export function deactivateUser(store: DeviceStore, keys: KeyStore, userId: UserId): void {
  for (const { deviceId } of store.devices(userId)) removeDevice(store, keys, { userId, deviceId });
  store.removeDataOf(userId);
  store.putUser({ userId, profile: {}, isAdmin: false, isDeactivated: true });
}
