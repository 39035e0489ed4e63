import type { RoomId } from '../../matrix/ids/brands.ts';

/** Events that are looked at. */
const MAX_EVENTS = 1_000;

/** The rooms that came into the projection last with an event: the newest first. */
export function roomsOfLate(database: D1Database): (limit: number) => Promise<readonly RoomId[]> {
  return async (limit) => {
    const { results } = await database
      .prepare(
        `select room_id as roomId, max(at) as at
         from (select room_id, rowid as at from events order by rowid desc limit ?)
         group by room_id order by at desc limit ?`,
      )
      .bind(MAX_EVENTS, limit)
      .all<{ roomId: RoomId }>();
    return results.map(({ roomId }) => roomId);
  };
}
