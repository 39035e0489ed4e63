import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { RoomJob, RoomJobKind, RoomJobStore } from '../../user/room-jobs/room-job-store.ts';
import type { Sql } from '../sql.ts';

interface Row extends Record<string, SqlStorageValue> {
  kind: string;
  user_id: string;
  room_id: string;
  revision: number;
  attempts: number;
  appservice: string | null;
}

const ONE = 'kind = ? and user_id = ? and room_id = ? and revision = ?';
const keyOf = ({ kind, userId, roomId, revision }: RoomJob) => [kind, userId, roomId, revision] as const;

/** The table `room_jobs`. */
export class RoomJobRepository implements RoomJobStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(
    { kind, userId, revision, appservice }: Parameters<RoomJobStore['add']>[0],
    roomIds: readonly RoomId[],
    now: number,
  ): void {
    this.#sql.exec(
      `insert or replace into room_jobs (kind, user_id, room_id, revision, appservice, attempts, at)
       select ?, ?, value, ?, ?, 0, ? from json_each(?)`,
      kind,
      userId,
      revision,
      appservice ?? null,
      now,
      JSON.stringify(roomIds),
    );
  }

  due(now: number, limit: number, userId?: UserId): readonly RoomJob[] {
    const columns = 'select kind, user_id, room_id, revision, attempts, appservice from room_jobs where at <= ?';
    const rows =
      userId === undefined
        ? this.#sql.exec<Row>(`${columns} order by at limit ?`, now, limit)
        : this.#sql.exec<Row>(`${columns} and user_id = ? order by at limit ?`, now, userId, limit);
    return rows.toArray().map((row) => ({
      kind: row.kind as RoomJobKind,
      userId: row.user_id as UserId,
      roomId: row.room_id as RoomId,
      revision: row.revision,
      attempts: row.attempts,
      appservice: row.appservice ?? undefined,
    }));
  }

  next(): number | undefined {
    return this.#sql.exec<{ at: number | null }>('select min(at) as at from room_jobs').one().at ?? undefined;
  }

  remove(job: RoomJob): void {
    this.#sql.exec(`delete from room_jobs where ${ONE}`, ...keyOf(job));
  }

  postpone(job: RoomJob, at: number | undefined): void {
    this.#sql.exec(`update room_jobs set attempts = attempts + 1, at = ? where ${ONE}`, at ?? null, ...keyOf(job));
  }

  drop(kind: RoomJobKind, userId: UserId): void {
    this.#sql.exec('delete from room_jobs where kind = ? and user_id = ?', kind, userId);
  }
}
