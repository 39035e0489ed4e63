import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import { sharedRooms } from '../storage/d1/shared-rooms.ts';
import type { DeviceListReader } from '../sync/device-lists.ts';

/**
 * Meets the port of `src/sync` about device lists. The projection finds the rooms that may still be shared and the rooms
 * confirm it; where the projection cannot be asked, nobody is said to have gone.
 */
export function deviceListReader(
  database: D1Database,
  rooms: Pick<RoomClient, 'deviceListMoves' | 'membershipsOf'>,
  shard: Pick<ShardClient, 'joinedRooms'>,
): DeviceListReader {
  const findShared = sharedRooms(database);
  return {
    moves: (query) => rooms.deviceListMoves(query),
    stillSharing: async (userId, went) => {
      const users = [...went.keys()];
      const joined = await shard.joinedRooms({ userId });
      if (joined.length === 0) return new Set<UserId>();
      const candidates = await findShared(users, joined).catch(() => undefined);
      if (candidates === undefined) return new Set(users);
      const still = new Set<UserId>();
      for (const [roomId, found] of candidates) {
        const open = found.filter((user) => !still.has(user) && went.get(user)?.includes(roomId) !== true);
        for (const user of await confirmed(rooms, roomId, open)) still.add(user);
      }
      return still;
    },
  };
}

async function confirmed(
  rooms: Pick<RoomClient, 'membershipsOf'>,
  roomId: RoomId,
  userIds: readonly UserId[],
): Promise<readonly UserId[]> {
  if (userIds.length === 0) return [];
  const memberships = await rooms.membershipsOf({ roomId, userIds });
  return userIds.filter((userId) => memberships[userId] === 'join');
}
