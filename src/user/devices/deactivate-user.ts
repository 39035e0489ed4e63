import type { UserId } from '../../matrix/ids/brands.ts';
import { newUser } from './new-user.ts';
import type { BackupStore } from '../key-backup/backup-store.ts';
import type { ProfileFieldStore } from '../profile/profile-field-store.ts';
import { removeDevice, type DeviceStores } from './remove-device.ts';

type Stores = DeviceStores & {
  readonly profileFields: ProfileFieldStore;
  readonly backups: Pick<BackupStore, 'removeBackupsOf'>;
};

/** Ends a user's sessions for ever and drops what they kept here. Source: Client-Server API, "Account deactivation". */
export function deactivateUser(stores: Stores, userId: UserId): void {
  const { devices, profileFields } = stores;
  for (const { deviceId } of devices.devices(userId)) removeDevice(stores, { userId, deviceId });
  stores.signingKeys.removeSigningOf(userId);
  stores.backups.removeBackupsOf(userId);
  devices.removeDataOf(userId);
  profileFields.removeFieldsOf(userId);
  devices.putUser({ ...newUser(userId), isDeactivated: true });
}
