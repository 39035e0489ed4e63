import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceStore } from './device-store.ts';

/** Ends a user's sessions for ever and drops what they kept here. Source: Client-Server API, "Account deactivation". */
export function deactivateUser(store: DeviceStore, userId: UserId): void {
  for (const { deviceId } of store.devices(userId)) store.removeDevice(userId, deviceId);
  store.removeDataOf(userId);
  store.putUser({ userId, profile: {}, isAdmin: false, isDeactivated: true });
}
