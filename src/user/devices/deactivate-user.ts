import type { UserId } from '../../matrix/ids/brands.ts';
import { newUser } from './new-user.ts';
import { removeDevice, type DeviceStores } from './remove-device.ts';

/** Ends a user's sessions for ever and drops what they kept here. Source: Client-Server API, "Account deactivation". */
export function deactivateUser(stores: DeviceStores, userId: UserId): void {
  const { devices } = stores;
  for (const { deviceId } of devices.devices(userId)) removeDevice(stores, { userId, deviceId });
  devices.removeDataOf(userId);
  devices.putUser({ ...newUser(userId), isDeactivated: true });
}
