import type { PublishedRoom } from '../../matrix/discovery/room-summary.ts';
import { searchable } from '../../matrix/discovery/search-text.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { ListedRoom, RoomDetails, RoomList, RoomListFilter, RoomOrder } from '../../rooms/room-list.ts';

type Row = {
  room_id: string;
  room_version: string;
  published: number;
  joined_members: number;
  local_members: number;
  summary: string | null;
  details: string | null;
};

const JOINED = 'coalesce(s.joined_members, 0)';
const FROM = 'from rooms r left join room_summaries s on s.room_id = r.room_id';
const SELECT = `select r.room_id, r.room_version, r.published, ${JOINED} as joined_members, s.summary, s.details,
  (select count(*) from memberships m where m.room_id = r.room_id and m.membership = 'join') as local_members ${FROM}`;
const FILTER = `(?1 = '' or instr(coalesce(s.search, ''), ?1) > 0)
  and (?2 is null or exists (
    select 1 from memberships m where m.room_id = r.room_id and m.user_id = ?2 and m.membership = 'join'))
  and (?3 is null or exists (
    select 1 from memberships m where m.room_id = r.room_id and m.membership = 'join'
      and m.user_id in (select value from json_each(?3))))
  and (?4 is null or exists (select 1 from json_each(s.details, '$.servers') where value = ?4))`;
const ORDERED: Readonly<Record<RoomOrder, string>> = {
  room_id: '(?5 is null or r.room_id > ?6) order by r.room_id',
  joined_members: `(?5 is null or (${JOINED}, r.room_id) < (?5, ?6)) order by ${JOINED} desc, r.room_id desc`,
};

/** Whose rooms a workspace is shown: the names have to fit into one parameter of a query. */
const MAX_USERS = 20_000;

/** The tables `rooms`, `room_summaries` and `memberships`, for administrators: a page reads every room. */
export function roomList(database: D1Database): RoomList {
  const filters = ({ name, member, server, among }: RoomListFilter) => [
    searchable(name ?? ''),
    member ?? null,
    among === undefined ? null : JSON.stringify(among),
    server ?? null,
  ];
  return {
    page: async (filter, { order, after, limit }) => {
      const [rows, counted] = await database.batch<Row | { n: number }>([
        database
          .prepare(`${SELECT} where ${FILTER} and ${ORDERED[order]} limit ?7`)
          .bind(...filters(filter), after?.joinedMembers ?? null, after?.roomId ?? null, limit),
        database.prepare(`select count(*) as n ${FROM} where ${FILTER}`).bind(...filters(filter)),
      ]);
      const [count] = (counted?.results ?? []) as readonly { n: number }[];
      return { rooms: ((rows?.results ?? []) as readonly Row[]).map(toListed), total: count?.n ?? 0 };
    },
    joinedUsers: async () => {
      const { results } = await database
        .prepare(`select distinct user_id from memberships where membership = 'join' limit ${MAX_USERS}`)
        .all<{ user_id: string }>();
      return results.map(({ user_id: userId }) => userId as UserId);
    },
    find: async (roomId) => {
      const row = await database.prepare(`${SELECT} where r.room_id = ?`).bind(roomId).first<Row>();
      return row === null ? undefined : toListed(row);
    },
  };
}

function toListed(row: Row): ListedRoom {
  return {
    roomId: row.room_id as RoomId,
    roomVersion: row.room_version,
    isPublished: row.published === 1,
    joinedMembers: row.joined_members,
    joinedLocalMembers: row.local_members,
    summary: row.summary === null ? undefined : (JSON.parse(row.summary) as PublishedRoom),
    details: row.details === null ? undefined : (JSON.parse(row.details) as RoomDetails),
  };
}
