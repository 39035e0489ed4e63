import { searchable } from '../../matrix/discovery/search-text.ts';
import { bestMatches, type FoundUser } from '../../matrix/discovery/user-match.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** What a search of users asks. */
export interface UserSearchDeps {
  /** Rooms that the user is in. */
  readonly joinedRooms: (shard: string, userId: UserId) => Promise<readonly RoomId[]>;
  /** Rooms here that anybody may join or read; the room has the last word. */
  readonly openRooms: () => Promise<readonly RoomId[]>;
  /** Members of any of these rooms that fit; a room that does not answer hides nobody else. */
  readonly members: (roomIds: readonly RoomId[], search: MemberSearch) => Promise<readonly FoundUser[]>;
  /** Accounts of this server that fit; none where they are found over rooms only. */
  readonly localUsers: (search: Omit<MemberSearch, 'userId'>) => Promise<readonly FoundUser[]>;
}

export interface MemberSearch {
  readonly userId: UserId;
  /** As `searchable` makes it. */
  readonly term: string;
  readonly limit: number;
}

/** Of the rooms of a user so many are asked. */
const MAX_ROOMS = 500;

/**
 * Users whose ID or name has the term: those of this server, those who share a room with the asker, and those in rooms
 * that anybody may join or read. A name that somebody has in one room only is shown to who sees that room. Source: Client-Server API, `POST /user_directory/search`.
 */
export async function searchUsers(
  deps: UserSearchDeps,
  { userId, shard, term: written, limit }: MemberSearch & { readonly shard: string },
): Promise<{ readonly results: readonly FoundUser[]; readonly limited: boolean }> {
  const term = searchable(written.trim());
  const enough = limit + 1;
  const [joined, open] = await Promise.all([deps.joinedRooms(shard, userId), deps.openRooms()]);
  const roomIds = [...new Set([...joined.slice(0, MAX_ROOMS), ...open])];
  const [local, members] = await Promise.all([
    deps.localUsers({ term, limit: enough + 1 }),
    deps.members(roomIds, { userId, term, limit: enough }),
  ]);
  const found = new Map<string, FoundUser>();
  for (const user of [...local, ...members]) if (!found.has(user.user_id)) found.set(user.user_id, user);
  found.delete(userId);
  const results = bestMatches(term, found.values(), enough);
  return { results: results.slice(0, limit), limited: results.length > limit };
}
