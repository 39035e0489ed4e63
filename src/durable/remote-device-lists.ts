import type { Config, Env } from '../config.ts';
import type { ChangedUser, TellShards } from '../federation/device-lists/ports.ts';
import { MatrixError } from '../matrix/error.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { roomsWithServers } from '../storage/d1/rooms-with-servers.ts';
import { shardList } from '../storage/d1/shard-list.ts';
import { inTurns } from './in-turns.ts';
import { objectStubs } from './objects.ts';
import { roomClient, type RoomClient } from './room/client.ts';
import { settingsOf } from './settings.ts';
import { shardClient } from './user/client.ts';
import { withinTime } from './within-time.ts';

const AT_ONCE = 32;
const CALL_TIMEOUT_MS = 10_000;
/** Of one call. */
const MAX_CHANGES = 1_000;
/** Of one room, where all users of a server are told of. */
const MAX_MEMBERS = 10_000;

type Rooms = Pick<RoomClient, 'audience' | 'membershipsOf' | 'joinedUsers'>;

interface Telling {
  readonly shard: string;
  readonly userId: UserId;
  readonly roomId: RoomId;
  /** Others were told before. */
  readonly isRest: boolean;
}

/**
 * Tells the shards with members of rooms that users of another server are in that the devices of these changed. The
 * projection finds the rooms that the server is in, the shards name those in which memberships changed last, which it may
 * not know yet, and the rooms know their members.
 */
export function tellShards(env: Env, config: Config, server: ServerName): TellShards {
  const stubs = objectStubs(env, config);
  const shards = shardClient(stubs);
  const rooms = roomClient(stubs, settingsOf(env, config));
  const shardNames = shardList(env.DB, Date.now);

  /** @returns the rooms that the server may be in, and whether these are all. */
  async function candidates(): Promise<{ readonly roomIds: ReadonlySet<RoomId>; readonly isWhole: boolean }> {
    try {
      const found = await withinTime(CALL_TIMEOUT_MS, roomsWithServers(env.DB)([server], undefined));
      const names = await withinTime(CALL_TIMEOUT_MS, shardNames());
      const latest = await inTurns(AT_ONCE, names, (shard) =>
        withinTime(CALL_TIMEOUT_MS, shards(shard).roomsWithNewMembers({})),
      );
      return { roomIds: new Set([...found, ...latest.flat()]), isWhole: latest.length === names.length };
    } catch {
      return { roomIds: new Set(), isWhole: false };
    }
  }

  async function tellShard(shard: string, told: readonly Telling[]): Promise<void> {
    const changes = [...Map.groupBy(told, ({ userId }) => userId)].map(([userId, ofUser]) => ({
      userId,
      roomIds: ofUser.map(({ roomId }) => roomId),
      isRest: ofUser.every(({ isRest }) => isRest),
    }));
    for (let at = 0; at < changes.length; at += MAX_CHANGES) {
      const some = changes.slice(at, at + MAX_CHANGES);
      await withinTime(CALL_TIMEOUT_MS, shards(shard).applyDeviceLists({ changes: some }));
    }
  }

  return async (changed) => {
    const isFresh = changed.some(({ roomIds }) => roomIds === undefined);
    const { roomIds: found, isWhole } = isFresh ? await candidates() : { roomIds: new Set<RoomId>(), isWhole: true };
    const roomsOf = ({ roomIds }: ChangedUser) => (roomIds === undefined ? found : new Set(roomIds));
    /** Those of which not everybody was told. */
    const left = new Set(changed.flatMap((one) => [...roomsOf(one)]));
    const asked = await inTurns(AT_ONCE, [...left], async (roomId) => {
      const concerned = changed.filter((one) => roomsOf(one).has(roomId));
      const tellings = await withinTime(CALL_TIMEOUT_MS, tellingsOf(rooms, server, roomId, concerned));
      return { roomId, tellings };
    });
    const byShard = Map.groupBy(
      asked.flatMap(({ tellings }) => tellings),
      ({ shard }) => shard,
    );
    const reached = new Set(
      await inTurns(AT_ONCE, [...byShard], async ([shard, told]) => {
        await tellShard(shard, told);
        return shard;
      }),
    );
    for (const { roomId, tellings } of asked) {
      if (tellings.every(({ shard }) => reached.has(shard))) left.delete(roomId);
    }
    const untold = new Map<ChangedUser, readonly RoomId[] | undefined>();
    for (const one of changed) {
      const rest = [...roomsOf(one)].filter((roomId) => left.has(roomId));
      if (one.roomIds === undefined && !isWhole) untold.set(one, undefined);
      else if (rest.length > 0) untold.set(one, rest);
    }
    return untold;
  };
}

/** Each of these users who is in the room, with each shard that has members in it. */
async function tellingsOf(
  rooms: Rooms,
  server: ServerName,
  roomId: RoomId,
  changed: readonly ChangedUser[],
): Promise<readonly Telling[]> {
  try {
    const present = await presentOf(rooms, server, roomId, changed);
    if (present.length === 0) return [];
    const { shards } = await rooms.audience({ roomId });
    return shards.flatMap((shard) => present.map((user) => ({ ...user, roomId, shard })));
  } catch (error) {
    // It is none of ours any more.
    if (error instanceof MatrixError && error.status < 500) return [];
    throw error;
  }
}

async function presentOf(
  rooms: Rooms,
  server: ServerName,
  roomId: RoomId,
  changed: readonly ChangedUser[],
): Promise<readonly Pick<Telling, 'userId' | 'isRest'>[]> {
  const everybody = changed.find(({ userId }) => userId === undefined);
  if (everybody !== undefined) {
    const joined = await rooms.joinedUsers({ roomId });
    const theirs = joined.filter((userId) => userIdServer(userId) === server).slice(0, MAX_MEMBERS);
    return theirs.map((userId) => ({ userId, isRest: everybody.roomIds !== undefined }));
  }
  const single = changed.flatMap(({ userId, roomIds }) =>
    userId === undefined ? [] : [{ userId, isRest: roomIds !== undefined }],
  );
  const memberships = await rooms.membershipsOf({ roomId, userIds: single.map(({ userId }) => userId) });
  return single.filter(({ userId }) => memberships[userId] === 'join');
}
