import { and, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { DirectRooms } from '../../rooms/direct/ports.ts';
import { directRooms as table } from './direct-rooms.schema.ts';

/** Of one user's small rooms, the oldest. */
const MAX_CANDIDATES = 200;

/** The table `direct_rooms`; candidates are found in the projection. */
export function directRooms(database: D1Database, serverName: string): DirectRooms {
  const db = drizzle(database);
  const held = (memberSet: string, holder: string) => and(eq(table.memberSet, memberSet), eq(table.holder, holder));
  return {
    roomOf: async (memberSet) => {
      const [row] = await db.select().from(table).where(eq(table.memberSet, memberSet));
      return (row?.roomId ?? undefined) as RoomId | undefined;
    },
    claim: async (memberSet, holder, { now, until }) => {
      const row = await database
        .prepare(
          `insert into direct_rooms (member_set, holder, until_ts) values (?1, ?2, ?3)
           on conflict (member_set) do update set holder = excluded.holder, until_ts = excluded.until_ts
           where direct_rooms.holder is null or direct_rooms.until_ts < ?4
           returning room_id`,
        )
        .bind(memberSet, holder, until, now)
        .first<{ room_id: string | null }>();
      return row === null ? undefined : { roomId: (row.room_id ?? undefined) as RoomId | undefined };
    },
    note: async (memberSet, holder, roomId) => {
      const { meta } = await db
        .update(table)
        .set({ roomId: roomId ?? null })
        .where(held(memberSet, holder));
      return meta.changes === 1;
    },
    release: async (memberSet, holder) => {
      await db.update(table).set({ holder: null }).where(held(memberSet, holder));
    },
    candidates: async (creator, everybody) => {
      const ours = everybody.filter((userId: UserId) => userIdServer(userId) === serverName);
      const isIn = "o.membership in ('join', 'invite')";
      const { results } = await database
        .prepare(
          `select m.room_id from memberships m
             join rooms r on r.room_id = m.room_id
             left join room_summaries s on s.room_id = m.room_id
           where m.user_id = ?1 and m.membership = 'join' and coalesce(s.joined_members, 1) <= ?2
             and (select count(*) from memberships o where o.room_id = m.room_id and ${isIn}) = ?3
             and (select count(*) from memberships o where o.room_id = m.room_id and ${isIn}
               and o.user_id in (select value from json_each(?4))) = ?3
           order by r.created_ts, m.room_id limit ${MAX_CANDIDATES}`,
        )
        .bind(creator, everybody.length, ours.length, JSON.stringify(ours))
        .all<{ room_id: string }>();
      return results.map(({ room_id: roomId }) => roomId as RoomId);
    },
  };
}
