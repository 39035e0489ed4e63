import type { Config, Env } from '../config.ts';
import type { DestinationRegistry } from '../federation/destination-registry.ts';
import type { TellOfChanges } from '../federation/receive/edus/receive-device-lists.ts';
import { MatrixError } from '../matrix/error.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import { roomsWithServers } from '../storage/d1/rooms-with-servers.ts';
import { shardList } from '../storage/d1/shard-list.ts';
import { inTurns } from './in-turns.ts';
import { objectStubs } from './objects.ts';
import type { RoomClient } from './room/client.ts';
import { shardClient } from './user/client.ts';

const AT_ONCE = 32;

/**
 * Tells the shards with members of rooms that users of another server are in that the devices of these changed. The
 * projection finds the rooms that the server is in, the shards name those in which memberships changed last, which it may
 * not know yet, and the rooms know their members. Rejects where somebody could not be told.
 */
export function tellOfRemoteChanges(
  env: Env,
  config: Config,
  {
    registry,
    rooms,
  }: {
    readonly registry: Pick<DestinationRegistry, 'has'>;
    readonly rooms: Pick<RoomClient, 'audience' | 'membershipsOf'>;
  },
): TellOfChanges {
  const shards = shardClient(objectStubs(env, config));
  const shardNames = shardList(env.DB, Date.now);
  return async (origin, userIds) => {
    // Strangers tell nothing.
    if (!(await registry.has(origin))) return;
    const found = await roomsWithServers(env.DB)([origin], undefined);
    const names = await shardNames();
    const latest = await inTurns(AT_ONCE, names, (shard) => shards(shard).roomsWithNewMembers({}));
    const roomIds = [...new Set([...found, ...latest.flat()])];
    const asked = await inTurns(AT_ONCE, roomIds, (roomId) => membersOf(rooms, roomId, userIds));
    const told = new Map<string, Map<UserId, RoomId[]>>();
    for (const { roomId, shard, userId } of asked.flat()) {
      const users = told.get(shard) ?? new Map<UserId, RoomId[]>();
      told.set(shard, users.set(userId, [...(users.get(userId) ?? []), roomId]));
    }
    const done = await inTurns(AT_ONCE, [...told], ([shard, users]) =>
      shards(shard).applyDeviceLists({
        changes: [...users].map(([userId, inRooms]) => ({ userId, roomIds: inRooms })),
      }),
    );
    if (latest.length < names.length || asked.length < roomIds.length || done.length < told.size)
      throw new Error('not everybody could be told');
  };
}

interface Told {
  readonly roomId: RoomId;
  readonly shard: string;
  readonly userId: UserId;
}

/** Each of these users who is in the room, with each shard that has members in it. */
async function membersOf(
  rooms: Pick<RoomClient, 'audience' | 'membershipsOf'>,
  roomId: RoomId,
  userIds: readonly UserId[],
): Promise<readonly Told[]> {
  try {
    const memberships = await rooms.membershipsOf({ roomId, userIds });
    const present = userIds.filter((userId) => memberships[userId] === 'join');
    if (present.length === 0) return [];
    const { shards } = await rooms.audience({ roomId });
    return shards.flatMap((shard) => present.map((userId) => ({ roomId, shard, userId })));
  } catch (error) {
    // It is none of ours any more.
    if (error instanceof MatrixError && error.status < 500) return [];
    throw error;
  }
}
