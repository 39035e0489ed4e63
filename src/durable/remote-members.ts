import { MatrixError } from '../matrix/error.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import { inTurns } from './in-turns.ts';
import type { RoomClient } from './room/client.ts';
import type { ShardClient } from './user/client.ts';
import { withinTime } from './within-time.ts';

const AT_ONCE = 32;
const CALL_TIMEOUT_MS = 10_000;
/** Of all rooms together; those of other rooms are asked for each time. */
const MAX_REMEMBERED = 50_000;

interface RemoteMembersDeps {
  readonly server: ServerName;
  readonly rooms: Pick<RoomClient, 'membershipsOf' | 'joinedUsers' | 'membersOfServer'>;
  readonly shards: (shard: string) => Pick<ShardClient, 'roomsWithNewMembers' | 'membersChangedSince'>;
  /** Asked each time: a new shard may be the only one that knows of a room. */
  readonly shardNames: () => Promise<readonly string[]>;
  /** Rooms that the server may be in, as the projection knows. */
  readonly findRooms: () => Promise<readonly RoomId[]>;
}

/** Users of a server who are in a room, and which shards have members there. */
interface RoomMembers {
  readonly users: readonly UserId[];
  readonly shards: readonly string[];
}

/**
 * Who of another server is in which of our rooms, as far as this instance has asked. A room is asked again when one of the
 * shards, which hear of every membership in their rooms, has heard of one there. What a shard has not heard yet comes to its
 * users as a join, after what is told by this. Not to be called while a call goes on.
 */
export class RemoteMembers {
  readonly #deps: RemoteMembersDeps;
  /** `undefined`: a room that is to be asked. */
  #rooms: Map<RoomId, RoomMembers | undefined> | undefined;
  /** How far each shard has told. */
  readonly #marks = new Map<string, number>();
  #remembered = 0;

  constructor(deps: RemoteMembersDeps) {
    this.#deps = deps;
  }

  /** Rooms that the server may be in, and whether these are all. Never rejects. */
  async candidates(): Promise<{ readonly roomIds: ReadonlySet<RoomId>; readonly isWhole: boolean }> {
    try {
      const names = await withinTime(CALL_TIMEOUT_MS, this.#deps.shardNames());
      const isFirst = this.#rooms === undefined;
      // Before the rooms are read: what changes later is told the next time.
      const news = await inTurns(AT_ONCE, names, (shard) => this.#newsOf(shard, isFirst));
      if (news.some(({ hasGoneBack }) => hasGoneBack)) this.#forget();
      if (!isFirst && this.#rooms === undefined) return await this.candidates();
      const found = isFirst ? await this.#findRooms(names) : [];
      this.#rooms ??= new Map();
      for (const roomId of [...found, ...news.flatMap(({ roomIds }) => roomIds)]) this.#put(roomId, undefined);
      for (const { shard, seq } of news) this.#marks.set(shard, seq);
      return { roomIds: new Set(this.#rooms.keys()), isWhole: news.length === names.length };
    } catch {
      return { roomIds: new Set(this.#rooms?.keys()), isWhole: false };
    }
  }

  /** @param isFirst everything is asked of the rooms anyway. */
  async #newsOf(shard: string, isFirst: boolean) {
    const mark = isFirst ? undefined : (this.#marks.get(shard) ?? 0);
    const told = await withinTime(CALL_TIMEOUT_MS, this.#deps.shards(shard).membersChangedSince({ seq: mark }));
    // The shard was restored to an earlier time: nothing that is known of its rooms can be relied on.
    return { shard, ...told, hasGoneBack: mark !== undefined && told.seq < mark };
  }

  #forget(): void {
    this.#rooms = undefined;
    this.#marks.clear();
    this.#remembered = 0;
  }

  async #findRooms(names: readonly string[]): Promise<readonly RoomId[]> {
    const found = await withinTime(CALL_TIMEOUT_MS, this.#deps.findRooms());
    // The projection may not know yet of the latest.
    const latest = await inTurns(AT_ONCE, names, (shard) =>
      withinTime(CALL_TIMEOUT_MS, this.#deps.shards(shard).roomsWithNewMembers({})),
    );
    return [...found, ...latest.flat()];
  }

  #put(roomId: RoomId, members: RoomMembers | undefined): void {
    this.#remembered += (members?.users.length ?? 0) - (this.#rooms?.get(roomId)?.users.length ?? 0);
    this.#rooms?.set(roomId, members);
  }

  /** @param userIds `undefined`: all of the server's. Rejects where the room does not answer. */
  async membersOf(roomId: RoomId, userIds: readonly UserId[] | undefined): Promise<RoomMembers> {
    const { rooms, server } = this.#deps;
    const known = this.#rooms?.get(roomId);
    if (known !== undefined) return among(known, userIds);
    const { users, shards } = await rooms.membersOfServer({ roomId, server }).catch(nobodyWhereRefused);
    if (users === undefined) return { users: await this.#present(roomId, userIds), shards };
    const members = { users, shards };
    if (this.#remembered + users.length <= MAX_REMEMBERED && this.#rooms?.has(roomId) === true) {
      this.#put(roomId, members);
    }
    return among(members, userIds);
  }

  async #present(roomId: RoomId, userIds: readonly UserId[] | undefined): Promise<readonly UserId[]> {
    const { rooms, server } = this.#deps;
    if (userIds === undefined) {
      const joined = await rooms.joinedUsers({ roomId });
      return joined.filter((userId) => userIdServer(userId) === server);
    }
    const memberships = await rooms.membershipsOf({ roomId, userIds });
    return userIds.filter((userId) => memberships[userId] === 'join');
  }
}

/** A room that refuses is none of ours any more. */
function nobodyWhereRefused(error: unknown): RoomMembers {
  if (error instanceof MatrixError && error.status < 500) return { users: [], shards: [] };
  throw error;
}

function among(members: RoomMembers, userIds: readonly UserId[] | undefined): RoomMembers {
  if (userIds === undefined) return members;
  const wanted = new Set(userIds);
  return { ...members, users: members.users.filter((userId) => wanted.has(userId)) };
}
