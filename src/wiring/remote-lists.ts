import { NOTHING_KEPT, type KeptLists, type KeyReader, type RemoteLists } from '../device-keys/ports.ts';
import type { DestinationClient } from '../durable/destination/client.ts';
import { inTurns } from '../durable/in-turns.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { withinTime } from '../durable/within-time.ts';
import type { DestinationRegistry } from '../federation/destination-registry.ts';
import type { DeviceList } from '../matrix/device-lists/device-list.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { roomsWithServers } from '../storage/d1/rooms-with-servers.ts';

const ROOMS_AT_ONCE = 16;
/** Rooms of a user that are looked at for others. */
const MAX_ROOMS = 200;
const USERS_AT_ONCE = 500;
/** Lists of one call, but one. What is too long to be kept has to be told too, so that what is kept of it goes. */
const MAX_CALL_BYTES = 1_000_000;

interface RemoteListsDeps {
  readonly database: D1Database;
  readonly registry: Pick<DestinationRegistry, 'has'>;
  readonly destinations: Pick<DestinationClient, 'deviceLists' | 'keepDeviceLists'>;
  readonly rooms: Pick<RoomClient, 'joinedSince'>;
  readonly shards: (shard: string) => Pick<ShardClient, 'joinedRooms' | 'roomsWithNewMembers'>;
  /** Another one after a restore. */
  readonly epoch: () => Promise<string>;
}

/**
 * A room that a user of another server shares with one of ours, and since when both are joined without a break: as long
 * as that holds their server tells of changes. Where it does not, a list is asked for anew, whatever other rooms there
 * are.
 */
interface Anchor {
  readonly roomId: RoomId;
  readonly roomEpoch: string;
  readonly since: number;
  readonly local: UserId;
  readonly localSince: number;
  /** Of the server: what was told before a restore may be forgotten. */
  readonly epoch: string;
}

type Found = { readonly list: DeviceList | undefined; readonly isCurrent: boolean; readonly anchor: string };

/** Meets the port of `src/device-keys` about lists that are kept with their server. */
export function remoteLists(deps: RemoteListsDeps): RemoteLists {
  const { registry, destinations } = deps;

  async function find(server: ServerName, userIds: readonly UserId[], reader: KeyReader): Promise<KeptLists> {
    if (!(await registry.has(server))) return NOTHING_KEPT;
    const epoch = await deps.epoch();
    const asked = userIds.slice(0, USERS_AT_ONCE);
    const { lists, mark, isAway } = await destinations.deviceLists(server, asked);
    const kept = lists.map(({ json, anchor, ...list }) => ({
      ...list,
      anchor,
      read: JSON.parse(anchor) as Anchor,
      list: JSON.parse(json) as DeviceList,
    }));
    const holding = await holdingAnchors(
      deps,
      kept.filter(({ read }) => read.epoch === epoch),
    );
    const users = new Map<UserId, Found>();
    for (const { userId, list, isCurrent, anchor } of kept) {
      if (holding.has(userId)) users.set(userId, { list, isCurrent, anchor });
    }
    const others = asked.filter((userId) => !users.has(userId));
    const lost = new Map(kept.map(({ userId, list }) => [userId, list]));
    for (const [userId, anchor] of await newAnchors(deps, server, others, reader, epoch)) {
      users.set(userId, { list: lost.get(userId), isCurrent: false, anchor: JSON.stringify(anchor) });
    }
    return { users, mark, isAway };
  }

  return {
    find: (server, userIds, reader, timeoutMs) =>
      withinTime(timeoutMs, find(server, userIds, reader)).catch(() => NOTHING_KEPT),
    keep: async (server, { users, mark }, lists) => {
      const texts = [...lists].flatMap(([userId, list]) => {
        const anchor = users.get(userId)?.anchor;
        return anchor === undefined ? [] : [{ userId, anchor, json: JSON.stringify(list) }];
      });
      for (const part of batches(texts)) {
        await destinations.keepDeviceLists(server, mark, part).catch(() => undefined);
      }
    },
  };
}

function batches<T extends { readonly json: string }>(lists: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let bytes = Infinity;
  for (const list of lists) {
    bytes += list.json.length;
    if (bytes > MAX_CALL_BYTES) {
      parts.push([]);
      bytes = list.json.length;
    }
    parts.at(-1)?.push(list);
  }
  return parts;
}

/** Users whose anchor is as it was. Each room is asked once. */
async function holdingAnchors(
  { rooms }: Pick<RemoteListsDeps, 'rooms'>,
  kept: readonly { readonly userId: UserId; readonly read: Anchor }[],
): Promise<ReadonlySet<UserId>> {
  const byRoom = Map.groupBy(kept, ({ read }) => read.roomId);
  const held = await inTurns(ROOMS_AT_ONCE, [...byRoom], async ([roomId, members]) => {
    const userIds = [...new Set(members.flatMap(({ userId, read }) => [userId, read.local]))];
    const { epoch, since } = await rooms.joinedSince({ roomId, userIds });
    return members.filter(
      ({ userId, read }) =>
        read.roomEpoch === epoch && since[userId] === read.since && since[read.local] === read.localSince,
    );
  });
  return new Set(held.flat().map(({ userId }) => userId));
}

/** Looks through the rooms of the one who asks, of which the projection, or else their shard, knows that they may be. */
async function newAnchors(
  { database, rooms, shards }: RemoteListsDeps,
  server: ServerName,
  userIds: readonly UserId[],
  reader: KeyReader,
  epoch: string,
): Promise<ReadonlyMap<UserId, Anchor>> {
  const anchors = new Map<UserId, Anchor>();
  if (userIds.length === 0) return anchors;
  const shard = shards(reader.shard);
  const joined = await shard.joinedRooms({ userId: reader.userId });
  const latest = await shard.roomsWithNewMembers({ userId: reader.userId });
  const found = joined.length === 0 ? [] : await roomsWithServers(database)([server], joined);
  const candidates = [...new Set([...latest, ...found])].slice(0, MAX_ROOMS);
  await inTurns(ROOMS_AT_ONCE, candidates, async (roomId) => {
    const open = userIds.filter((userId) => !anchors.has(userId));
    if (open.length === 0) return;
    const { epoch: roomEpoch, since } = await rooms.joinedSince({ roomId, userIds: [reader.userId, ...open] });
    const localSince = since[reader.userId];
    if (localSince === undefined) return;
    for (const userId of open) {
      const sinceThen = since[userId];
      if (sinceThen === undefined || anchors.has(userId)) continue;
      anchors.set(userId, { roomId, roomEpoch, since: sinceThen, local: reader.userId, localSince, epoch });
    }
  });
  return anchors;
}
