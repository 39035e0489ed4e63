import type { UserId } from '../../matrix/ids/brands.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { DeviceListStores } from './note-change.ts';

/** More than the changes that a restore can have undone: a stream ID is not used twice. */
const UNDONE = 1_000_000;

/**
 * After a restore other servers may know of changes that were undone. Of one device of each user they are to be told under
 * a stream ID that follows on none of those: whoever heard of one sees a gap, and asks for the list. Runs in the
 * transaction that is open. @returns the users. Source: Server-Server API, "Device Management".
 */
export function announceAnew({
  keys,
  deviceLists,
  progress,
}: DeviceListStores & { readonly keys: Pick<KeyStore, 'usersWithDeviceKeys'> }): readonly UserId[] {
  return keys.usersWithDeviceKeys().map(({ userId, deviceId }) => {
    deviceLists.putOutgoing(userId, {
      deviceId,
      streamId: deviceLists.raise(userId, UNDONE),
      seq: progress.take(),
    });
    return userId;
  });
}
