// m.device_list_update (Server-Server API, "Device Management") and m.signing_key_update ("End-to-End Encryption")
import { trustedDevice, trustedSigningKey, withName } from '../../../matrix/device-lists/device-list.ts';
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../matrix/json/json-value.ts';
import type { DeviceListUpdate } from '../../device-lists/ports.ts';
import type { LastingEduHandler } from '../ports.ts';

/** Of the keys of one transaction; what comes behind is only known to have changed. */
const MAX_BYTES = 500_000;

/** Keeps what a server tells of its users, in this order; whoever shares a room with them hears soon. */
export type NoteUpdates = (origin: ServerName, updates: readonly DeviceListUpdate[]) => Promise<void>;

/**
 * Devices of users of the sending server changed, or their cross-signing keys: of one transaction both are noted together.
 * Those of another server are dropped.
 */
export function receiveDeviceLists(note: NoteUpdates): LastingEduHandler {
  return async (origin, contents) => {
    let left = MAX_BYTES;
    const updates = contents.flatMap((content) => {
      const userId = userOf(origin, content);
      if (userId === undefined || !isJsonObject(content)) return [];
      const update = typeof content['device_id'] === 'string' ? readDevice(userId, content) : readKeys(userId, content);
      left -= JSON.stringify(update).length;
      return [left < 0 ? unclear(userId) : update];
    });
    if (updates.length > 0) await note(origin, updates);
  };
}

function userOf(origin: ServerName, content: JsonValue): UserId | undefined {
  const user = isJsonObject(content) ? content['user_id'] : undefined;
  const parsed = typeof user === 'string' ? parseUserId(user) : undefined;
  return parsed?.ok === true && userIdServer(parsed.value) === origin ? parsed.value : undefined;
}

const unclear = (userId: UserId): DeviceListUpdate => ({ kind: 'unclear', userId });

function readDevice(userId: UserId, content: JsonObject): DeviceListUpdate {
  const { device_id: deviceId, stream_id: streamId, prev_id: prevIds = [], deleted, keys: told } = content;
  if (typeof deviceId !== 'string' || !isStreamId(streamId)) return unclear(userId);
  if (!Array.isArray(prevIds) || !(prevIds as readonly JsonValue[]).every(isStreamId)) return unclear(userId);
  const isGone = deleted === true || told === undefined;
  const keys = isGone ? undefined : trustedDevice(userId, deviceId, told);
  if (keys === undefined && !isGone) return unclear(userId);
  const named = keys === undefined ? undefined : withName(keys, content['device_display_name']);
  return { kind: 'device', userId, deviceId, streamId, prevIds: prevIds as readonly number[], keys: named };
}

const isStreamId = (value: JsonValue | undefined): value is number => Number.isSafeInteger(value);

function readKeys(userId: UserId, content: JsonObject): DeviceListUpdate {
  const { master_key: masterKey, self_signing_key: selfSigningKey } = content;
  const master = trustedSigningKey(userId, masterKey);
  const selfSigning = trustedSigningKey(userId, selfSigningKey);
  const isDoubtful =
    (master === undefined && masterKey !== undefined) || (selfSigning === undefined && selfSigningKey !== undefined);
  if (isDoubtful || (master ?? selfSigning) === undefined) return unclear(userId);
  return { kind: 'signing-keys', userId, master, selfSigning };
}
