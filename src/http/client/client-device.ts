import type { Device } from '../../user/devices/device-store.ts';

/** A device as clients see it. */
export function clientDevice({ deviceId, displayName, lastSeenTs, lastSeenIp }: Device) {
  return {
    device_id: deviceId,
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(lastSeenTs === undefined ? {} : { last_seen_ts: lastSeenTs }),
    ...(lastSeenIp === undefined ? {} : { last_seen_ip: lastSeenIp }),
  };
}
