import type { ProjectedEvent, ProjectedRange, RedactedEvent, ProjectionStore } from '../../projection/project-range.ts';
import { putSummary } from './put-summary.ts';

/** The projected tables `events`, `memberships`, `room_summaries` and `media_uses`, what they mean for `media`, and `rooms.projected_pos`, in one batch. */
export function projectionRepository(database: D1Database): ProjectionStore {
  return {
    write: async (
      { roomId, to, events, memberships, redacted = [], summary, beyond }: ProjectedRange,
      deletesMedia,
    ) => {
      const results = await database.batch([
        ...(beyond === undefined ? [] : forgetStatements(database, roomId, beyond)),
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
        ...(summary === undefined ? [] : [putSummary(database, summary)]),
        ...usesStatements(database, events),
        ...redactedStatements(database, redacted, deletesMedia),
      ]);
      return { retiredMedia: deletesMedia && redacted.length > 0 && (results.at(-2)?.meta.changes ?? 0) > 0 };
    },
  };
}

function forgetStatements(database: D1Database, roomId: string, beyond: number): readonly D1PreparedStatement[] {
  const of = 'where room_id = ?1 and';
  return [
    `delete from events ${of} pos > ?2`,
    `delete from memberships ${of} pos > ?2`,
    `delete from room_summaries ${of} pos > ?2`,
    `update rooms set projected_pos = ?2 ${of} projected_pos > ?2`,
  ].map((statement) => database.prepare(statement).bind(roomId, beyond));
}

function usesStatements(database: D1Database, events: readonly ProjectedEvent[]): readonly D1PreparedStatement[] {
  const uses = events.flatMap(({ eventId, media = [] }) => media.map((mediaId) => ({ eventId, mediaId })));
  if (uses.length === 0) return [];
  return [
    database
      .prepare(
        `insert into media_uses (media_id, event_id)
         select value->>'mediaId', value->>'eventId' from json_each(?) where true on conflict do nothing`,
      )
      .bind(JSON.stringify(uses)),
  ];
}

function redactedStatements(
  database: D1Database,
  redacted: readonly RedactedEvent[],
  deletesMedia: boolean,
): readonly D1PreparedStatement[] {
  if (redacted.length === 0) return [];
  const ids = JSON.stringify(redacted.map(({ eventId }) => eventId));
  const named = redacted.flatMap(({ sender, media }) => media.map((mediaId) => ({ sender, mediaId })));
  const retire = database
    .prepare(
      `update media set object_key = null, size_bytes = 0, expires_ts = 0
       where object_key is not null
         and (media_id, user_id) in (select value->>'mediaId', value->>'sender' from json_each(?1))
         and not exists (
           select 1 from media_uses other where other.media_id = media.media_id
             and other.event_id not in (select value from json_each(?2)))`,
    )
    .bind(JSON.stringify(named), ids);
  const forget = database
    .prepare('delete from media_uses where event_id in (select value from json_each(?))')
    .bind(ids);
  return deletesMedia ? [retire, forget] : [forget];
}
