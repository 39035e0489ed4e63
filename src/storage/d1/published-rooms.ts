import type { PublishedRoom } from '../../matrix/discovery/room-summary.ts';
import { searchable } from '../../matrix/discovery/search-text.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import type { ProjectedSummary } from '../../projection/project-range.ts';
import type { PublishedRooms } from '../../rooms/finding/ports.ts';
import { putSummary } from './put-summary.ts';

/** The count is an estimate: it is taken anew after this, since it reads every published room. */
const COUNTED_MS = 30_000;
/** Rooms at a time that are asked what they are. */
const LACKING = 100;

type Row = { room_id: string; joined_members: number; summary: string };

/** The directory: the table `room_summaries`, in the order of its index. */
export function publishedRooms(database: D1Database, now: () => number): PublishedRooms {
  let counted: { readonly count: number; readonly until: number } | undefined;
  return {
    page: async ({ from, dir, limit, search, roomTypes }) => {
      const [compare, order] = dir === 'f' ? ['<', 'desc'] : ['>', 'asc'];
      const { results } = await database
        .prepare(
          `select room_id, joined_members, summary from room_summaries
           where published = 1 and joined_members > 0
             and (joined_members, room_id) ${compare} (?1, ?2)
             and (?3 = '' or instr(search, ?3) > 0)
             and (?4 is null or exists (select 1 from json_each(?4) where value is room_type))
           order by joined_members ${order}, room_id ${order} limit ?5`,
        )
        .bind(
          from?.joinedMembers ?? Number.MAX_SAFE_INTEGER,
          from?.roomId ?? '',
          searchable(search ?? ''),
          roomTypes === undefined ? null : JSON.stringify(roomTypes),
          limit,
        )
        .all<Row>();
      const rows = results.map((row) => ({
        key: { joinedMembers: row.joined_members, roomId: row.room_id as RoomId },
        room: JSON.parse(row.summary) as PublishedRoom,
      }));
      return dir === 'f' ? rows : rows.toReversed();
    },
    count: async () => {
      if (counted === undefined || now() >= counted.until) {
        const row = await database
          .prepare('select count(*) as n from room_summaries where published = 1 and joined_members > 0')
          .first<{ n: number }>();
        counted = { count: row?.n ?? 0, until: now() + COUNTED_MS };
      }
      return counted.count;
    },
    lacking: async () => {
      const { results } = await database
        .prepare(
          `select room_id from rooms where published = 1
             and not exists (select 1 from room_summaries where room_summaries.room_id = rooms.room_id) limit ?`,
        )
        .bind(LACKING)
        .all<{ room_id: string }>();
      return results.map(({ room_id: roomId }) => roomId as RoomId);
    },
    put: async (summary: ProjectedSummary) => {
      await putSummary(database, summary).run();
    },
  };
}
