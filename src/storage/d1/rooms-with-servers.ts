import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';

/** More servers of a room are not named. */
const MAX_NAMED = 1_000;

/**
 * Rooms that may have members of these servers, as the projection knows: also those of which it does not know all. It
 * reads each room. @param among `undefined`: of all rooms.
 */
export function roomsWithServers(
  database: D1Database,
): (servers: readonly ServerName[], among: readonly RoomId[] | undefined) => Promise<readonly RoomId[]> {
  return async (servers, among) => {
    const { results } = await database
      .prepare(
        `select r.room_id from rooms r left join room_summaries s on s.room_id = r.room_id
         where (?1 is null or r.room_id in (select value from json_each(?1)))
           and (s.details is null or json_array_length(s.details, '$.servers') >= ${MAX_NAMED} or exists (
             select 1 from json_each(s.details, '$.servers') where value in (select value from json_each(?2))))`,
      )
      .bind(among === undefined ? null : JSON.stringify(among), JSON.stringify(servers))
      .all<{ room_id: RoomId }>();
    return results.map(({ room_id: roomId }) => roomId);
  };
}
