import type { UserId } from '../ids/brands.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { plainJson } from '../json/plain-json.ts';

/** What a user's devices publish, as `/keys/query` tells it. */
export interface DeviceList {
  /** Identity keys by device ID; the name of a device under `unsigned`. */
  readonly devices: JsonObject;
  readonly master?: JsonObject;
  readonly selfSigning?: JsonObject;
}

/** NOTSPEC: nothing says how long these may be. */
const MAX_DEVICE_ID_BYTES = 255;
const MAX_KEYS_BYTES = 65_536;

/** The identity keys of a device where they are what they say that they are. */
export function trustedDevice(userId: UserId, deviceId: string, keys: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(keys) || keys['user_id'] !== userId || keys['device_id'] !== deviceId) return undefined;
  return deviceId !== '' && Buffer.byteLength(deviceId) <= MAX_DEVICE_ID_BYTES ? withinBounds(keys) : undefined;
}

/** The same of a cross-signing key. */
export function trustedSigningKey(userId: UserId, key: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(key) && key['user_id'] === userId ? withinBounds(key) : undefined;
}

function withinBounds(keys: JsonObject): JsonObject | undefined {
  const plain = plainJson(keys);
  return JSON.stringify(plain).length <= MAX_KEYS_BYTES ? plain : undefined;
}

/** A device with its keys, or without any (`undefined`), in place of what the list has of it. */
export function withDevice(list: DeviceList, deviceId: string, keys: JsonObject | undefined): DeviceList {
  const others = Object.entries(list.devices).filter(([name]) => name !== deviceId);
  const devices = Object.fromEntries(keys === undefined ? others : [...others, [deviceId, keys] as const]);
  return { ...list, devices };
}

/** Whether two lists, as JSON, say the same, in whatever order. Of what is unsigned only names count. */
export function isSameList(one: string, other: string): boolean {
  return one === other || inOrder(JSON.parse(one) as DeviceList) === inOrder(JSON.parse(other) as DeviceList);
}

function inOrder(list: DeviceList): string {
  const devices = Object.entries(list.devices).map(([id, keys]) => {
    if (!isJsonObject(keys)) return [id, keys] as const;
    const { unsigned } = keys;
    return [id, withName(keys, isJsonObject(unsigned) ? unsigned['device_display_name'] : undefined)] as const;
  });
  return canonicalJson({ ...list, devices: Object.fromEntries(devices) });
}

/** Keys as `/keys/query` shows them, with the name that another server tells beside them. */
export function withName(keys: JsonObject, name: JsonValue | undefined): JsonObject {
  return { ...keys, unsigned: typeof name === 'string' ? { device_display_name: name } : {} };
}

/**
 * The list of a user in an answer to `POST /user/keys/query`; without what does not belong there.
 * @returns `undefined` where the answer says nothing of the user.
 */
export function listInKeysAnswer(answer: JsonObject, userId: UserId): DeviceList | undefined {
  const of = (field: string): JsonValue | undefined => {
    const users = answer[field];
    return isJsonObject(users) && Object.hasOwn(users, userId) ? users[userId] : undefined;
  };
  const [devices, master, selfSigning] = [of('device_keys'), of('master_keys'), of('self_signing_keys')];
  if ((devices ?? master ?? selfSigning) === undefined) return undefined;
  const entries = Object.entries(isJsonObject(devices) ? devices : {}).map(
    ([deviceId, keys]) => [deviceId, trustedDevice(userId, deviceId, keys)] as const,
  );
  return listOf(userId, entries, master, selfSigning);
}

/**
 * The list in an answer to `GET /user/devices/{userId}`, with its stream ID.
 * @returns `undefined` for an answer of another form. Source: Server-Server API, "Device Management".
 */
export function listInDevicesAnswer(
  answer: JsonObject,
  userId: UserId,
): { readonly streamId: number; readonly list: DeviceList } | undefined {
  const { user_id: of, stream_id: streamId, devices } = answer;
  if (of !== userId || !Number.isSafeInteger(streamId) || !Array.isArray(devices)) return undefined;
  const entries = (devices as readonly JsonValue[]).flatMap((device) => {
    const { device_id: id, keys, device_display_name: name } = isJsonObject(device) ? device : {};
    const trusted = typeof id === 'string' ? trustedDevice(userId, id, keys) : undefined;
    return trusted === undefined ? [] : [[id as string, withName(trusted, name)] as const];
  });
  return {
    streamId: streamId as number,
    list: listOf(userId, entries, answer['master_key'], answer['self_signing_key']),
  };
}

function listOf(
  userId: UserId,
  devices: readonly (readonly [string, JsonObject | undefined])[],
  masterKey: JsonValue | undefined,
  selfSigningKey: JsonValue | undefined,
): DeviceList {
  const [master, selfSigning] = [trustedSigningKey(userId, masterKey), trustedSigningKey(userId, selfSigningKey)];
  return {
    devices: Object.fromEntries(devices.filter(([, keys]) => keys !== undefined)),
    ...(master === undefined ? {} : { master }),
    ...(selfSigning === undefined ? {} : { selfSigning }),
  };
}
