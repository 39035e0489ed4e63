import { inTurns } from '../durable/in-turns.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { roomsWithServers } from '../storage/d1/rooms-with-servers.ts';
import { sharedRooms } from '../storage/d1/shared-rooms.ts';
import type { DeviceListReader } from '../sync/device-lists.ts';

export interface DeviceListDeps {
  readonly serverName: ServerName;
  readonly database: D1Database;
  readonly rooms: Pick<RoomClient, 'deviceListMoves' | 'membershipsOf'>;
}

const ROOMS_AT_ONCE = 64;

/**
 * Meets the port of `src/sync` about device lists. The projection finds the rooms that may still be shared (it knows the
 * users of this server, and of others their server), the shard those that it may not know yet, and the rooms confirm it; where one of them cannot be asked, nobody
 * is said to have gone.
 */
export function deviceListReader(
  { serverName, database, rooms }: DeviceListDeps,
  shard: Pick<ShardClient, 'joinedRooms' | 'roomsWithNewMembers'>,
): DeviceListReader {
  return {
    moves: (query) => rooms.deviceListMoves(query),
    stillSharing: async (userId, went) => {
      const users = [...went.keys()];
      const joined = await shard.joinedRooms({ userId });
      if (joined.length === 0) return new Set<UserId>();
      const latest = await shard.roomsWithNewMembers({ userId });
      const found = await candidatesOf({ serverName, database }, users, joined).catch(() => undefined);
      if (found === undefined) return new Set(users);
      const candidates = new Map<RoomId, Set<UserId>>();
      for (const [roomId, some] of [...found, ...latest.map((one) => [one, users] as const)]) {
        candidates.set(roomId, new Set([...(candidates.get(roomId) ?? []), ...some]));
      }
      const open = [...candidates].flatMap(([roomId, some]) => {
        const userIds = [...some].filter((user) => went.get(user)?.includes(roomId) !== true);
        return userIds.length === 0 ? [] : [{ roomId, userIds }];
      });
      const confirmed = await inTurns(ROOMS_AT_ONCE, open, async ({ roomId, userIds }) => {
        const memberships = await rooms.membershipsOf({ roomId, userIds });
        return userIds.filter((user) => memberships[user] === 'join');
      });
      return confirmed.length < open.length ? new Set(users) : new Set(confirmed.flat());
    },
  };
}

/** Rooms of a user, with those of some users who may be in them. */
async function candidatesOf(
  { serverName, database }: Pick<DeviceListDeps, 'serverName' | 'database'>,
  users: readonly UserId[],
  joined: readonly RoomId[],
): Promise<readonly (readonly [RoomId, readonly UserId[]])[]> {
  const ours = users.filter((user) => userIdServer(user) === serverName);
  const others = users.filter((user) => userIdServer(user) !== serverName);
  const shared = ours.length === 0 ? [] : [...(await sharedRooms(database)(ours, joined))];
  if (others.length === 0) return shared;
  const servers = [...new Set(others.map((user) => userIdServer(user)))];
  const theirs = await roomsWithServers(database)(servers, joined);
  return [...shared, ...theirs.map((roomId) => [roomId, others] as const)];
}
