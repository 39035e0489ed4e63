import { noteDeviceChange, type DeviceListStores } from '../device-lists/note-change.ts';
import type { InboxStore } from '../inbox/inbox-store.ts';
import type { DeviceOf, KeyStore } from '../keys/key-store.ts';
import type { SigningKeyStore } from '../cross-signing/signing-key-store.ts';
import type { PushStore } from '../pushes/push-store.ts';
import type { SlidingStore } from '../sliding/sliding-store.ts';
import type { DeviceStore } from './device-store.ts';

/** All that a device has. */
export interface DeviceStores extends DeviceListStores {
  readonly devices: DeviceStore;
  readonly keys: KeyStore;
  readonly signingKeys: SigningKeyStore;
  readonly pushes: Pick<PushStore, 'removePushersOf'>;
  readonly sliding: Pick<SlidingStore, 'removeConnectionsOf'>;
  readonly inbox: Pick<InboxStore, 'removeInbox'>;
}

/**
 * Ends a device with its tokens, published keys and their signatures, pushers, connections of sliding sync and the
 * messages that wait for it. Source: Client-Server API, "Device Management", "Push Notifications".
 */
export function removeDevice(
  { devices, keys, signingKeys, pushes, sliding, inbox, ...lists }: DeviceStores,
  device: DeviceOf,
): void {
  devices.removeDevice(device.userId, device.deviceId);
  pushes.removePushersOf(device.userId, device.deviceId);
  sliding.removeConnectionsOf(device.userId, device.deviceId);
  inbox.removeInbox(device);
  if (!keys.removeKeys(device)) return;
  const { userId, deviceId } = device;
  signingKeys.removeSignaturesOf(userId, { userId, key: deviceId });
  signingKeys.removeSignaturesWith(userId, `ed25519:${deviceId}`);
  noteDeviceChange(lists, device);
}
