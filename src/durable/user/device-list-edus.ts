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

/** Of a user with more devices the others are asked for by who is told of these. */
const MAX_INTRODUCED = 50;

/**
 * What servers are told that are new to a user: each device that all others know of. The last one has the stream ID after
 * which the next change comes; the first has none before it, from which a server sees that it may lack something.
 */
export function introductionEdus(userId: UserId, list: ChangedList): readonly KeptEdu[] {
  const untold = new Set(list.outgoing.map(({ deviceId }) => deviceId));
  const known = list.published.devices.filter(({ deviceId }) => !untold.has(deviceId)).slice(0, MAX_INTRODUCED);
  const first = list.announced - known.length + 1;
  const devices = known.map(({ deviceId }, at) => ({
    user_id: userId,
    device_id: deviceId,
    stream_id: first + at,
    prev_id: at === 0 ? [] : [first + at - 1],
    ...deviceContent(deviceId, list),
  }));
  const keys = list.published.signingKeys.master === undefined ? [] : [signingKeys(userId, list)];
  const edu = (type: string, content: OfUser, part: string) => eduOf(type, `${list.announced} ${part}`, content);
  return [
    ...devices.map((content) => edu('m.device_list_update', content, content.device_id)),
    ...keys.map((content) => edu('m.signing_key_update', content, 'keys')),
  ];
}

type OfUser = JsonObject & { readonly user_id: UserId };

/** @param name of the change: its `seq`, which is its own. */
function eduOf(type: string, name: number | string, content: OfUser): KeptEdu {
  return { id: `${type} ${content.user_id} ${name}`, json: JSON.stringify({ edu_type: type, content }) };
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
