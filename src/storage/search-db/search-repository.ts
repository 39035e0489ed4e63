import { isBeginning } from '../../matrix/discovery/words.ts';
import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import type { SearchRange, SearchWriter } from '../../projection/search-range.ts';
import type { SearchCandidates, CandidateQuery } from '../../rooms/finding/search-ports.ts';

/** Of what matches, that which came last is looked at. */
const MAX_MATCHES = 20_000;
/** Who is in more rooms is searched for without naming them to the index, which is slower. */
const MAX_NAMED_ROOMS = 200;

/** Tables `searched_rooms`, `searched_events` and `search_words`. */
export function searchWriter(database: D1Database): SearchWriter {
  return {
    write: async (range: SearchRange) => {
      const results = await database.batch<{ complete: number }>(statements(database, range));
      return { isComplete: results[0]?.results[0]?.complete === 1 };
    },
  };
}

function statements(database: D1Database, { roomId, asOf, texts, completes }: SearchRange): D1PreparedStatement[] {
  const room = database
    .prepare(
      `insert into searched_rooms (room_id, complete) values (?1, ?2)
       on conflict (room_id) do update set complete = max(complete, excluded.complete) returning complete`,
    )
    .bind(roomId, completes ? 1 : 0);
  if (texts.length === 0) return [room];
  const json = JSON.stringify(texts);
  return [
    room,
    database
      .prepare(
        `insert into searched_events (event_id, room, type, sender, ts, as_of)
         select value->>'eventId', (select id from searched_rooms where room_id = ?2), value->>'type',
           value->>'sender', value->>'ts', ?3 from json_each(?1)
         where true on conflict (event_id) do update set as_of = excluded.as_of where excluded.as_of >= as_of`,
      )
      .bind(json, roomId, asOf),
    // Only what was just written has this number: older readings of the room change nothing.
    database
      .prepare(
        `delete from search_words where rowid in (
           select e.id from json_each(?1) join searched_events e on e.event_id = value->>'eventId' where e.as_of = ?2)`,
      )
      .bind(json, asOf),
    database
      .prepare(
        `insert into search_words (rowid, words, room)
         select e.id, value->>'words', 'r' || e.room
         from json_each(?1) join searched_events e on e.event_id = value->>'eventId'
         where e.as_of = ?2 and value->>'words' is not null`,
      )
      .bind(json, asOf),
  ];
}

interface Row {
  readonly id: number;
  readonly event_id: string;
  readonly room_id: string;
  readonly ts: number;
  readonly score: number;
  readonly total: number;
}

/** Finds events by words; whether somebody may see them is asked of their rooms. */
export function searchCandidates(database: D1Database): SearchCandidates {
  return {
    lacking: async (roomIds, limit) => {
      const { results } = await database
        .prepare(
          `select value as room_id from json_each(?1)
           where not exists (select 1 from searched_rooms where room_id = value and complete = 1) limit ?2`,
        )
        .bind(JSON.stringify(roomIds), limit)
        .all<{ room_id: string }>();
      return results.map(({ room_id: roomId }) => roomId as RoomId);
    },
    find: async (query) => {
      const { results } = await database
        .prepare(SQL[query.order])
        .bind(...parameters(query))
        .all<Row>();
      const found = results.map(({ id, event_id: eventId, room_id: roomId, ts, score }) => ({
        place: { id, ts },
        eventId: eventId as EventId,
        roomId: roomId as RoomId,
        rank: -score,
      }));
      return { found, count: results[0]?.total ?? 0 };
    },
  };
}

/** Words that a message says often, or that few messages say, count for more; the room is no word. */
const FOUND = `
  with sought as materialized (
    select id, room_id from searched_rooms where room_id in (select value from json_each(?2))
  ), matching as materialized (
    select rowid as id, bm25(search_words, 1.0, 0.0) as score from search_words
    where search_words match ?1 || case when ?3 then
      ' AND room : (' || coalesce((select group_concat('r' || id, ' OR ') from sought), 'none') || ')' else '' end
    order by rowid desc limit ${MAX_MATCHES}
  ), found as (
    select e.id, e.event_id, sought.room_id, e.ts, matching.score from matching
    join searched_events e on e.id = matching.id join sought on sought.id = e.room
    where e.type in (select value from json_each(?4))
      and (?5 is null or e.sender in (select value from json_each(?5)))
      and (?6 is null or e.sender not in (select value from json_each(?6)))
  )
  select *, (select count(*) from found) as total from found`;

const SQL = {
  recent: `${FOUND} where (ts, id) < (?7, ?8) order by ts desc, id desc limit ?9`,
  rank: `${FOUND} where ?7 is not null and ?8 is not null order by score, ts desc, id desc limit ?9 offset ?10`,
};

function parameters(query: CandidateQuery): unknown[] {
  const { words, roomIds, types, senders, notSenders, order, after, offset, limit } = query;
  const sought = words.map((word) => `"${word}"${isBeginning(word) ? '*' : ''}`).join(' AND ');
  const list = (items: readonly string[] | undefined) => (items === undefined ? null : JSON.stringify(items));
  const from = after ?? { ts: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };
  return [
    `words : (${sought})`,
    JSON.stringify(roomIds),
    roomIds.length <= MAX_NAMED_ROOMS ? 1 : 0,
    JSON.stringify(types),
    list(senders),
    list(notSenders),
    from.ts,
    from.id,
    limit,
    ...(order === 'rank' ? [offset] : []),
  ];
}
