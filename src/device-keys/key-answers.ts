import type { SigningKeyUsage } from '../matrix/crypto/cross-signing-key.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import type { ClaimedKey, KeyClaim, PublishedDevices } from './ports.ts';

/**
 * The `device_keys` of an answer to a key query, from user ID to device ID to keys. Users without devices are there: whoever
 * knew devices of theirs sees that these are gone.
 * @param showsNames also the names that users gave to their devices, which other servers need not know.
 */
export function deviceKeysField(found: readonly PublishedDevices[], showsNames: boolean): JsonObject {
  return Object.fromEntries(
    found.map(({ userId, devices }) => [
      userId,
      Object.fromEntries(
        devices.map(({ deviceId, json, displayName }) => [
          deviceId,
          { ...stored(json), unsigned: showsNames && displayName !== undefined ? named(displayName) : {} },
        ]),
      ),
    ]),
  );
}

/** The cross-signing keys of one kind, from user ID to key. */
export function signingKeysField(
  found: readonly PublishedDevices[],
  usage: SigningKeyUsage,
): Record<string, JsonObject> {
  return Object.fromEntries(
    found.flatMap(({ userId, signingKeys: { [usage]: json } }) =>
      json === undefined ? [] : [[userId, stored(json)] as const],
    ),
  );
}

/** The `one_time_keys` of an answer to a claim, from user ID to device ID to the key's name and the key. */
export function oneTimeKeysField(claimed: readonly ClaimedKey[]): JsonObject {
  return nested(
    claimed,
    ({ userId }) => userId,
    (ofUser) =>
      nested(
        ofUser,
        ({ deviceId }) => deviceId,
        (ofDevice) =>
          Object.fromEntries(
            ofDevice.map(({ algorithm, keyId, json }) => [`${algorithm}:${keyId}`, JSON.parse(json) as JsonValue]),
          ),
      ),
  );
}

/** Of what another server says, the keys that it was asked for. */
export function trustedOneTimeKeys(answer: JsonObject, claims: readonly KeyClaim[]): JsonObject {
  return perUser(answer, claims, (devices, userId) => {
    const asked = claims.filter((claim) => claim.userId === userId);
    return Object.fromEntries(
      asked.flatMap(({ deviceId, algorithm }) => {
        const keys = devices[deviceId];
        if (!isJsonObject(keys)) return [];
        const own = Object.entries(keys).filter(([name]) => name.startsWith(`${algorithm}:`));
        return own.length === 0 ? [] : [[deviceId, Object.fromEntries(own)] as const];
      }),
    );
  });
}

function perUser(
  field: JsonValue | undefined,
  asked: readonly { readonly userId: UserId }[],
  trust: (value: JsonObject, userId: UserId) => JsonObject,
): JsonObject {
  if (!isJsonObject(field)) return {};
  const trusted = [...new Set(asked.map(({ userId }) => userId))].flatMap((userId) => {
    const value = field[userId];
    const kept = isJsonObject(value) ? trust(value, userId) : {};
    return Object.keys(kept).length === 0 ? [] : [[userId, kept] as const];
  });
  return Object.fromEntries(trusted);
}

/** Groups by a key that a user chose: `fromEntries` makes an own property of any name. */
export function nested<T>(
  items: readonly T[],
  key: (item: T) => string,
  value: (items: readonly T[]) => JsonObject,
): JsonObject {
  return Object.fromEntries([...Map.groupBy(items, key)].map(([name, group]) => [name, value(group)]));
}

const stored = (json: string) => JSON.parse(json) as JsonObject;
const named = (displayName: string): JsonObject => ({ device_display_name: displayName });
