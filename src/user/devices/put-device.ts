import { invalidParam } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceStore } from './device-store.ts';
import { newUser } from './new-user.ts';

export interface PutDevice {
  readonly userId: UserId;
  readonly deviceId: string;
  /** `undefined`: as it is. */
  readonly displayName: string | undefined;
  /** Whether one that is not there is made. */
  readonly create?: boolean;
}

const MAX_ID_CHARACTERS = 255;

/**
 * Names a device, or makes one without a session. Throws `M_INVALID_PARAM` for an ID that is too long.
 * Source: Client-Server API, "Device Management"; Application Service API, "Creating devices".
 */
export function putDevice(
  store: Pick<DeviceStore, 'device' | 'putDevice' | 'user' | 'putUser'>,
  { userId, deviceId, displayName, create }: PutDevice,
): { readonly wasThere: boolean } {
  const device = store.device(userId, deviceId);
  if (device !== undefined) {
    store.putDevice(userId, { ...device, displayName: displayName ?? device.displayName });
  } else if (create === true) {
    if (deviceId.length > MAX_ID_CHARACTERS) throw invalidParam('The device ID is too long');
    if (store.user(userId) === undefined) store.putUser(newUser(userId));
    store.putDevice(userId, {
      deviceId,
      displayName,
      lastSeenTs: undefined,
      lastSeenIp: undefined,
      clientId: undefined,
      // Nobody else makes devices without a session.
      byAppservice: true,
    });
  }
  return { wasThere: device !== undefined };
}
