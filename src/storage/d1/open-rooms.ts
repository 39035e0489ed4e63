import type { RoomId } from '../../matrix/ids/brands.ts';

/** Of more rooms that are open, those of most members count. */
const MAX_ROOMS = 500;

/** Rooms that anybody may join or read, as the projection knows, those of most members first. */
export function openRooms(database: D1Database): () => Promise<readonly RoomId[]> {
  return async () => {
    const { results } = await database
      .prepare(
        `select room_id from room_summaries
         where joined_members > 0 and (summary ->> '$.join_rule' = 'public' or summary ->> '$.world_readable' = 1)
         order by joined_members desc limit ?`,
      )
      .bind(MAX_ROOMS)
      .all<{ room_id: string }>();
    return results.map(({ room_id: roomId }) => roomId as RoomId);
  };
}
