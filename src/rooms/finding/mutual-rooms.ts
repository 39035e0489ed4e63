import { invalidParam } from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';

export interface MutualRoomsDeps {
  /** Rooms that the user is in. */
  readonly joinedRooms: (shard: string, userId: UserId) => Promise<readonly RoomId[]>;
  readonly room: {
    /** `undefined`: we are not in the room. */
    isJoined(call: { readonly roomId: RoomId; readonly userId: UserId }): Promise<boolean | undefined>;
  };
}

export interface MutualRooms {
  readonly joined: readonly RoomId[];
  readonly count: number;
  readonly next_batch?: string;
}

/** Rooms that are asked for one answer, and at a time. */
const MAX_ASKED = 500;
const AT_ONCE = 50;

/**
 * Rooms that both are in, in the order of their IDs; a page is what some hundred rooms of the asker hold, and `count` is
 * that of the page. Throws `M_INVALID_PARAM`. Source: Client-Server API, "Mutual Rooms".
 * @param from the last room of the page before.
 */
export async function mutualRooms(
  deps: MutualRoomsDeps,
  asker: { readonly userId: UserId; readonly shard: string },
  { userId: written, from = '' }: { readonly userId: string; readonly from: string | undefined },
): Promise<MutualRooms> {
  const parsed = parseUserId(written);
  if (!parsed.ok) throw invalidParam('user_id is no user ID');
  const userId = parsed.value;
  if (userId === asker.userId) throw invalidParam('user_id is your own');
  if (from !== '' && !from.startsWith('!')) throw invalidParam('from is no token of this endpoint');
  const rooms = (await deps.joinedRooms(asker.shard, asker.userId)).filter((roomId) => roomId > from);
  const asked = rooms.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, MAX_ASKED);
  const joined: RoomId[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const batch = asked.slice(at, at + AT_ONCE);
    const answers = await Promise.all(batch.map((roomId) => deps.room.isJoined({ roomId, userId })));
    joined.push(...batch.filter((_roomId, index) => answers[index] === true));
  }
  const last = asked.at(-1);
  const isMore = rooms.length > asked.length && last !== undefined;
  return { joined, count: joined.length, ...(isMore ? { next_batch: last } : {}) };
}
