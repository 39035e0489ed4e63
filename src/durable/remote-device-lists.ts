import type { Config, Env } from '../config.ts';
import type { ChangedUser, TellShards } from '../federation/device-lists/ports.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { roomsWithServers } from '../storage/d1/rooms-with-servers.ts';
import { shardNames } from '../storage/d1/shard-list.ts';
import { inTurns } from './in-turns.ts';
import { objectStubs } from './objects.ts';
import { RemoteMembers } from './remote-members.ts';
import { roomClient } from './room/client.ts';
import { settingsOf } from './settings.ts';
import { shardClient } from './user/client.ts';
import { withinTime } from './within-time.ts';

const AT_ONCE = 32;
const CALL_TIMEOUT_MS = 10_000;
/** Of one call. */
const MAX_CHANGES = 1_000;
/** Of one room, where all users of a server are told of. */
const MAX_MEMBERS = 10_000;

interface Telling {
  readonly shard: string;
  readonly userId: UserId;
  readonly roomId: RoomId;
  /** Others were told before. */
  readonly isRest: boolean;
}

/** Tells the shards with members of rooms that users of another server are in that the devices of these changed. */
export function tellShards(env: Env, config: Config, server: ServerName): TellShards {
  const stubs = objectStubs(env, config);
  const shards = shardClient(stubs);
  const members = new RemoteMembers({
    server,
    rooms: roomClient(stubs, settingsOf(env, config)),
    shards,
    shardNames: shardNames(env.DB),
    findRooms: () => roomsWithServers(env.DB)([server], undefined),
  });

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
    const { roomIds: found, isWhole } = isFresh
      ? await members.candidates()
      : { roomIds: new Set<RoomId>(), isWhole: true };
    const roomsOf = ({ roomIds }: ChangedUser) => (roomIds === undefined ? found : new Set(roomIds));
    /** Those of which not everybody was told. */
    const left = new Set(changed.flatMap((one) => [...roomsOf(one)]));
    const asked = await inTurns(AT_ONCE, [...left], async (roomId) => {
      const concerned = changed.filter((one) => roomsOf(one).has(roomId));
      const tellings = await withinTime(CALL_TIMEOUT_MS, tellingsOf(members, roomId, concerned));
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
  members: RemoteMembers,
  roomId: RoomId,
  changed: readonly ChangedUser[],
): Promise<readonly Telling[]> {
  const everybody = changed.find(({ userId }) => userId === undefined);
  const single = new Map(changed.map((one) => [one.userId, one]));
  const userIds = [...single.keys()].filter((userId) => userId !== undefined);
  const { users, shards } = await members.membersOf(roomId, everybody === undefined ? userIds : undefined);
  const present = users.slice(0, MAX_MEMBERS).map((userId) => {
    const { roomIds } = single.get(userId) ?? everybody ?? {};
    return { userId, isRest: roomIds !== undefined };
  });
  return shards.flatMap((shard) => present.map((user) => ({ ...user, roomId, shard })));
}
