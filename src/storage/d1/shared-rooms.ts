import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** Users of one question. */
const USERS_AT_ONCE = 1_000;

/** Which of these rooms, or of all, these users are in, as the projection knows. */
export function sharedRooms(
  database: D1Database,
): (
  userIds: readonly UserId[],
  roomIds: readonly RoomId[] | undefined,
) => Promise<ReadonlyMap<RoomId, readonly UserId[]>> {
  return async (userIds, roomIds) => {
    const found = new Map<RoomId, UserId[]>();
    for (let at = 0; at < userIds.length; at += USERS_AT_ONCE) {
      const { results } = await database
        .prepare(
          `select room_id, user_id from memberships where user_id in (select value from json_each(?1))
             and (?2 is null or room_id in (select value from json_each(?2))) and membership = 'join'`,
        )
        .bind(
          JSON.stringify(userIds.slice(at, at + USERS_AT_ONCE)),
          roomIds === undefined ? null : JSON.stringify(roomIds),
        )
        .all<{ room_id: RoomId; user_id: UserId }>();
      for (const { room_id: roomId, user_id: userId } of results) {
        found.set(roomId, [...(found.get(roomId) ?? []), userId]);
      }
    }
    return found;
  };
}
