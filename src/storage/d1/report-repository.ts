import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { KeptReport, ReportStore } from '../../rooms/report.ts';

interface Row {
  readonly id: number;
  readonly ts: number;
  readonly reporter: string;
  readonly room_id: string;
  readonly event_id: string;
  readonly user_id: string;
  readonly reason: string;
  readonly event: string | null;
}

const COLUMNS = 'id, ts, reporter, room_id, event_id, user_id, reason';

/** The table `reports`, and what is done about them in `audit_log`. */
export function reportRepository(database: D1Database, now: () => number): ReportStore {
  return {
    add: async ({ reporter, roomId = '', eventId = '', userId = '', reason, event = null }, most) => {
      const target = [reporter, roomId, eventId, userId];
      const [, added] = await database.batch([
        database
          .prepare('delete from reports where reporter = ? and room_id = ? and event_id = ? and user_id = ?')
          .bind(...target),
        database
          .prepare(
            `insert into reports (reporter, room_id, event_id, user_id, ts, reason, event)
             select ?, ?, ?, ?, ?, ?, ? where (select count(*) from reports where reporter = ?) < ?`,
          )
          .bind(...target, now(), reason, event, reporter, most),
      ]);
      return added?.meta.changes === 1;
    },

    list: async (below, limit) => {
      const { results } = await database
        .prepare(`select ${COLUMNS}, null as event from reports where id < ? order by id desc limit ?`)
        .bind(below ?? Number.MAX_SAFE_INTEGER, limit)
        .all<Row>();
      return results.map(readRow);
    },

    get: async (id) => {
      const row = await database.prepare(`select ${COLUMNS}, event from reports where id = ?`).bind(id).first<Row>();
      return row === null ? undefined : readRow(row);
    },

    remove: async (id, by) => {
      const [removed] = await database.batch([
        database.prepare('delete from reports where id = ?').bind(id),
        database
          .prepare(
            `insert into audit_log (ts, user_id, action, detail) select ?, ?, 'report_closed', ? where changes() > 0`,
          )
          .bind(now(), by, JSON.stringify({ id })),
      ]);
      return removed?.meta.changes === 1;
    },
  };
}

function readRow(row: Row): KeptReport {
  return {
    id: row.id,
    ts: row.ts,
    reporter: row.reporter as UserId,
    roomId: row.room_id === '' ? undefined : (row.room_id as RoomId),
    eventId: row.event_id === '' ? undefined : (row.event_id as EventId),
    userId: row.user_id === '' ? undefined : (row.user_id as UserId),
    reason: row.reason,
    event: row.event ?? undefined,
  };
}
