import { IGNORED_USER_LIST, ignoredUsersOf } from '../../matrix/event/ignored-users.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { Requester } from './from-user.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

/** Whom the asker ignores, by the shard's word of this moment. */
export async function ignoredUsers(
  { shard }: Pick<RoomRoutesDeps, 'shard'>,
  { userId, shard: name }: Requester,
): Promise<readonly UserId[]> {
  return ignoredUsersOf(await shard(name).accountData({ userId, roomId: '', type: IGNORED_USER_LIST }), userId);
}
