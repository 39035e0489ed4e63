import { bestMatches, type FoundUser } from '../../matrix/discovery/user-match.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import { describeRoom } from './describe-room.ts';

export interface MemberQuery {
  readonly userId: UserId;
  /** As `searchable` makes it. */
  readonly term: string;
  readonly limit: number;
}

/** Members of a room that are looked at, those first who have been in it longest. */
const MAX_LOOKED_AT = 10_000;

/**
 * Who is in the room and fits the term, as the room knows them, for who is in it too or might read it without. Nobody
 * for others. Source: Client-Server API, `POST /user_directory/search`.
 */
export function findMembers(store: RoomStore, { userId, term, limit }: MemberQuery): readonly FoundUser[] {
  if (store.meta.lifecycle() !== 'live' || !mayLookInto(store, userId)) return [];
  const members = [...store.state.joinedProfiles(store.stream.head(), MAX_LOOKED_AT)];
  const others = members.filter(({ user_id: member }) => member !== userId);
  return bestMatches(term, others, limit);
}

function mayLookInto(store: RoomStore, userId: UserId): boolean {
  const own = store.state.memberships(userId).at(-1)?.membership;
  if (own === 'join') return true;
  const { join_rule: joinRule, world_readable: isWorldReadable } = describeRoom(store);
  return own !== 'ban' && (joinRule === 'public' || isWorldReadable);
}
