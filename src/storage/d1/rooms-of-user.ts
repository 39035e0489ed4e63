import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** Nobody is searched for in more rooms. */
const MAX_ROOMS = 5_000;

/** Rooms that a local user is in or was in, as the projection knows: whether they see anything there, the room says. */
export function roomsOfUser(database: D1Database): (userId: UserId) => Promise<readonly RoomId[]> {
  return async (userId) => {
    const { results } = await database
      .prepare(
        `select room_id from memberships where user_id = ? and membership in ('join', 'leave', 'ban')
         order by membership = 'join' desc limit ${MAX_ROOMS}`,
      )
      .bind(userId)
      .all<{ room_id: string }>();
    return results.map(({ room_id: roomId }) => roomId as RoomId);
  };
}
