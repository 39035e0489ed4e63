import type { Config, Env } from '../../config.ts';
import type { DeviceDeps } from '../../appservice/sending/device-ports.ts';
import { MatrixError } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { roomsWithServers } from '../../storage/d1/rooms-with-servers.ts';
import { sharedRooms } from '../../storage/d1/shared-rooms.ts';
import { shardList } from '../../storage/d1/shard-list.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import type { RoomClient } from '../room/client.ts';
import { shardClient } from '../user/client.ts';
import { withinTime } from '../within-time.ts';

const AT_ONCE = 32;
const CALL_TIMEOUT_MS = 10_000;

/**
 * Meets {@link DeviceDeps.stillIn}. The projection finds the rooms that users may be in, the shards name those in which
 * memberships changed last, which it may not know yet, and the rooms know their members.
 */
export function stillIn(env: Env, config: Config, rooms: Pick<RoomClient, 'membershipsOf'>): DeviceDeps['stillIn'] {
  const names = shardList(env.DB, Date.now);
  const latest = async () => {
    const shards = shardClient(objectStubs(env, config));
    const all = await withinTime(CALL_TIMEOUT_MS, names());
    const asked = await inTurns(AT_ONCE, all, (shard) =>
      withinTime(CALL_TIMEOUT_MS, shards(shard).roomsWithNewMembers({})),
    );
    if (asked.length < all.length) throw new Error('a shard does not answer');
    return asked.flat();
  };
  return async (userIds, passing) => {
    const [ours, others] = split(userIds, (userId) => userIdServer(userId) === config.serverName);
    const open = new Map<RoomId, Set<UserId>>();
    const add = (roomIds: readonly RoomId[], users: readonly UserId[]) => {
      for (const roomId of passing(roomIds)) {
        open.set(roomId, new Set([...(open.get(roomId) ?? []), ...users]));
      }
    };
    add(await latest(), userIds);
    if (ours.length > 0) {
      const found = await withinTime(CALL_TIMEOUT_MS, sharedRooms(env.DB)(ours, undefined));
      for (const [roomId, users] of found) add([roomId], users);
    }
    if (others.length > 0) {
      const servers = [...new Set(others.map((userId) => userIdServer(userId)))];
      add(await withinTime(CALL_TIMEOUT_MS, roomsWithServers(env.DB)(servers, undefined)), others);
    }
    const asked = await inTurns(AT_ONCE, [...open], ([roomId, users]) => joinedAmong(rooms, roomId, [...users]));
    if (asked.length < open.size) throw new Error('a room does not answer');
    return new Set(asked.flat());
  };
}

async function joinedAmong(
  rooms: Pick<RoomClient, 'membershipsOf'>,
  roomId: RoomId,
  userIds: readonly UserId[],
): Promise<readonly UserId[]> {
  try {
    const memberships = await withinTime(CALL_TIMEOUT_MS, rooms.membershipsOf({ roomId, userIds }));
    return userIds.filter((userId) => memberships[userId] === 'join');
  } catch (error) {
    // It is none of ours any more.
    if (error instanceof MatrixError && error.status < 500) return [];
    throw error;
  }
}

function split<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
