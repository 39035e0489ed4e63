import type { DeviceOf, KeyStore } from '../keys/key-store.ts';
import type { DeviceStore } from './device-store.ts';

/** Ends a device with its tokens and published keys. Source: Client-Server API, "Device Management". */
export function removeDevice(store: DeviceStore, keys: KeyStore, device: DeviceOf): void {
  store.removeDevice(device.userId, device.deviceId);
  if (keys.removeKeys(device)) keys.raiseDeviceListStream(device.userId);
}
