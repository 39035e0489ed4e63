import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceOf } from '../keys/key-store.ts';
import type { ProgressStore } from '../progress/store.ts';
import { SIGNING_KEYS, type DeviceListStore } from './device-list-store.ts';

export interface DeviceListStores {
  readonly deviceLists: DeviceListStore;
  readonly progress: Pick<ProgressStore, 'take'>;
}

/**
 * A device of a user of the shard is new, has other keys, or is gone: in the same transaction its list gets the next
 * stream ID, users of the shard hear of it by their syncs, and others are to be told.
 */
export function noteDeviceChange(stores: DeviceListStores, { userId, deviceId }: DeviceOf): void {
  noteChange(stores, userId, { deviceId, streamId: stores.deviceLists.raise(userId) });
}

/** The same of cross-signing keys, which belong to no device. */
export function noteSigningKeysChange(stores: DeviceListStores, userId: UserId): void {
  noteChange(stores, userId, { deviceId: SIGNING_KEYS, streamId: stores.deviceLists.streamId(userId) });
}

function noteChange(
  { deviceLists, progress }: DeviceListStores,
  userId: UserId,
  change: { readonly deviceId: string; readonly streamId: number },
): void {
  const seq = progress.take();
  deviceLists.putOutgoing(userId, { ...change, seq });
  deviceLists.put({ userId, roomIds: undefined }, seq);
}
