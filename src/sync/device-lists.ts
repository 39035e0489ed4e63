import type { RoomId, UserId } from '../matrix/ids/brands.ts';

/** What a shard knows of device lists that changed for a user. */
export interface DeviceListsPlan {
  readonly changed: readonly UserId[];
  /** Rooms to ask who came and went. `from: undefined`: who is there. */
  readonly rooms: readonly { readonly roomId: RoomId; readonly from: number | undefined; readonly to: number }[];
}

/** Who of a room, or of all rooms together, is to be asked for keys anew, and of whom nothing is heard any more. */
export interface DeviceListReader {
  moves(query: {
    readonly roomId: RoomId;
    readonly userId: UserId;
    readonly from: number | undefined;
    readonly to: number;
  }): Promise<{ readonly came: readonly UserId[]; readonly went: readonly UserId[] }>;
  /** Those of these who still are in a room with the user, other than those that each has just left or was left in. */
  stillSharing(userId: UserId, went: ReadonlyMap<UserId, readonly RoomId[]>): Promise<{ has(other: UserId): boolean }>;
}

export interface ToldDeviceLists {
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];
}

/** Rooms that are asked at a time. */
const ROOMS_AT_ONCE = 64;

/**
 * The `device_lists` of an answer. Who shares no room with the user any more is in `left` and not in `changed`.
 * @returns `undefined` where there is nothing to tell. Source: Client-Server API, "Extensions to /sync".
 */
export async function tellDeviceLists(
  reader: DeviceListReader,
  userId: UserId,
  plan: DeviceListsPlan | undefined,
): Promise<ToldDeviceLists | undefined> {
  if (plan === undefined) return undefined;
  const changed = new Set(plan.changed);
  const went = new Map<UserId, RoomId[]>();
  const present = new Set<UserId>();
  for (let at = 0; at < plan.rooms.length; at += ROOMS_AT_ONCE) {
    const batch = plan.rooms.slice(at, at + ROOMS_AT_ONCE);
    const asked = batch.map(async (room) => ({ ...room, ...(await reader.moves({ ...room, userId })) }));
    for (const moves of await Promise.all(asked)) {
      for (const user of moves.came) {
        changed.add(user);
        present.add(user);
      }
      for (const user of moves.went) went.set(user, [...(went.get(user) ?? []), moves.roomId]);
    }
  }
  for (const user of present) went.delete(user);
  const still = went.size === 0 ? new Set<UserId>() : await reader.stillSharing(userId, went);
  const left = [...went.keys()].filter((user) => !still.has(user));
  for (const user of left) changed.delete(user);
  return changed.size + left.length === 0 ? undefined : { changed: [...changed], left };
}
