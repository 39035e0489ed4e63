import { profileTooLarge } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import type { ProfileFieldStore } from './profile-field-store.ts';

/** A profile is smaller than this, in bytes of JSON. Source: Client-Server API, "Profiles". */
const PROFILE_BYTES = 65_536;

export interface ProfileStores {
  readonly people: Pick<DeviceStore, 'user'>;
  readonly fields: ProfileFieldStore;
}

/** Name, avatar and all other fields of a user's profile. */
export function wholeProfile({ people, fields }: ProfileStores, userId: UserId): JsonObject {
  return { ...fields.fields(userId), ...people.user(userId)?.profile };
}

/** Throws `M_PROFILE_TOO_LARGE` where a user's profile would be that with this field. Reads only. */
export function requireRoomInProfile(stores: ProfileStores, userId: UserId, name: string, value: JsonValue): void {
  const profile = JSON.stringify({ ...wholeProfile(stores, userId), [name]: value });
  if (Buffer.byteLength(profile) >= PROFILE_BYTES) throw profileTooLarge('The profile would be larger than 64 KiB');
}

/**
 * Sets a field that is neither name nor avatar, which rooms are told of. Throws `M_PROFILE_TOO_LARGE`.
 * @param value `undefined` removes it; `null` is a value like others.
 */
export function setProfileField(
  stores: ProfileStores,
  userId: UserId,
  name: string,
  value: JsonValue | undefined,
): void {
  if (value === undefined) {
    stores.fields.removeField(userId, name);
    return;
  }
  requireRoomInProfile(stores, userId, name, value);
  stores.fields.putField(userId, name, value);
}
