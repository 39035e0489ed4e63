import { drizzle } from 'drizzle-orm/d1';
import { sql } from 'drizzle-orm';

import type { ProjectedRange, ProjectionStore } from '../../projection/project-range.ts';

/** The projected tables `events` and `memberships`, and `rooms.projected_pos`, in one batch. */
export function projectionRepository(database: D1Database): ProjectionStore {
  const db = drizzle(database);
  return {
    write: async ({ roomId, to, events, memberships }: ProjectedRange) => {
      await db.batch([
        db.run(sql`insert into events (event_id, room_id, pos, type, sender, origin_server_ts)
          select value->>'eventId', value->>'roomId', value->>'pos', value->>'type', value->>'sender',
            value->>'originServerTs' from json_each(${JSON.stringify(events)})
          where true on conflict (event_id) do update set pos = excluded.pos where excluded.pos > events.pos`),
        db.run(sql`insert into memberships (room_id, user_id, membership, pos)
          select value->>'roomId', value->>'userId', value->>'membership', value->>'pos'
          from json_each(${JSON.stringify(memberships)})
          where true on conflict (room_id, user_id) do update
          set membership = excluded.membership, pos = excluded.pos where excluded.pos > memberships.pos`),
        db.run(sql`update rooms set projected_pos = ${to} where room_id = ${roomId} and projected_pos < ${to}`),
      ]);
    },
  };
}
