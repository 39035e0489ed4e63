import type { KeptEdu } from '../../federation/sending/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { SIGNING_KEYS, type OutgoingChange } from '../../user/device-lists/device-list-store.ts';
import type { PublishedDevices } from '../../user/keys/query-keys.ts';

export interface ChangedList {
  /** What is still to be told, oldest first. */
  readonly outgoing: readonly OutgoingChange[];
  /** The stream ID of the last change of a device that was told; 0: none. */
  readonly announced: number;
  /** As it is now. */
  readonly published: PublishedDevices;
  readonly sharesNames: boolean;
}

/**
 * What other servers are told of a changed list: each device as it is now, under the stream ID of its last change, after
 * the one that was told before. Source: Server-Server API, `m.device_list_update`, `m.signing_key_update`.
 */
export function deviceListEdus(userId: UserId, list: ChangedList): readonly KeptEdu[] {
  let previous = list.announced;
  return list.outgoing.map(({ deviceId, streamId, seq }) => {
    if (deviceId === SIGNING_KEYS) return eduOf('m.signing_key_update', seq, signingKeys(userId, list));
    const content = {
      user_id: userId,
      device_id: deviceId,
      stream_id: streamId,
      prev_id: previous === 0 ? [] : [previous],
      ...deviceContent(deviceId, list),
    };
    previous = streamId;
    return eduOf('m.device_list_update', seq, content);
  });
}

type OfUser = JsonObject & { readonly user_id: UserId };

/** A change has a `seq` of its own. */
function eduOf(type: string, seq: number, content: OfUser): KeptEdu {
  return { id: `${type} ${content.user_id} ${seq}`, json: JSON.stringify({ edu_type: type, content }) };
}

function deviceContent(deviceId: string, { published, sharesNames }: ChangedList): JsonObject {
  const device = published.devices.find((one) => one.deviceId === deviceId);
  if (device === undefined) return { deleted: true };
  const { displayName } = device;
  return {
    keys: JSON.parse(device.json) as JsonObject,
    ...(sharesNames && displayName !== undefined ? { device_display_name: displayName } : {}),
  };
}

function signingKeys(userId: UserId, { published }: ChangedList): OfUser {
  const { master, self_signing: selfSigning } = published.signingKeys;
  return {
    user_id: userId,
    ...(master === undefined ? {} : { master_key: JSON.parse(master) as JsonObject }),
    ...(selfSigning === undefined ? {} : { self_signing_key: JSON.parse(selfSigning) as JsonObject }),
  };
}
