import type { ProjectedSummary } from '../../projection/project-range.ts';

/** Writes a row of `room_summaries`. Whether the room is published stands in `rooms`, which D1 owns. */
export function putSummary(database: D1Database, summary: ProjectedSummary): D1PreparedStatement {
  const { roomId, pos, joinedMembers, roomType, search, summary: json, details } = summary;
  return database
    .prepare(
      `insert into room_summaries (room_id, pos, published, joined_members, room_type, search, summary, details)
       values (?1, ?2, coalesce((select published from rooms where room_id = ?1), 0), ?3, ?4, ?5, ?6, ?7)
       on conflict (room_id) do update set pos = excluded.pos, joined_members = excluded.joined_members,
         room_type = excluded.room_type, search = excluded.search, summary = excluded.summary,
         details = excluded.details
       where excluded.pos >= room_summaries.pos`,
    )
    .bind(roomId, pos, joinedMembers, roomType, search, json, details);
}
