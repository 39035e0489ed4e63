import type { Device } from '../../user/devices/device-store.ts';

/**
 * A device as clients see it. NOTSPEC: what is not known is null instead of left out, for matrix-nio takes no list of
 * devices that leaves anything out.
 */
export function clientDevice({ deviceId, displayName, lastSeenTs, lastSeenIp }: Device) {
  return {
    device_id: deviceId,
    display_name: displayName ?? null,
    last_seen_ts: lastSeenTs ?? null,
    last_seen_ip: lastSeenIp ?? null,
  };
}
