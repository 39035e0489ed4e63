import type { ProjectedRange, ProjectionStore } from '../../projection/project-range.ts';

/** The projected tables `events` and `memberships`, and `rooms.projected_pos`, in one batch. */
export function projectionRepository(database: D1Database): ProjectionStore {
  return {
    write: async ({ roomId, to, events, memberships }: ProjectedRange) => {
      await database.batch([
        database
          .prepare(
            `insert into events (event_id, room_id, pos, type, sender, origin_server_ts)
             select value->>'eventId', value->>'roomId', value->>'pos', value->>'type', value->>'sender',
               value->>'originServerTs' from json_each(?)
             where true on conflict (event_id) do update set pos = excluded.pos where excluded.pos > events.pos`,
          )
          .bind(JSON.stringify(events)),
        database
          .prepare(
            `insert into memberships (room_id, user_id, membership, pos)
             select value->>'roomId', value->>'userId', value->>'membership', value->>'pos' from json_each(?)
             where true on conflict (room_id, user_id) do update
             set membership = excluded.membership, pos = excluded.pos where excluded.pos > memberships.pos`,
          )
          .bind(JSON.stringify(memberships)),
        database
          .prepare('update rooms set projected_pos = ? where room_id = ? and projected_pos < ?')
          .bind(to, roomId, to),
      ]);
    },
  };
}
