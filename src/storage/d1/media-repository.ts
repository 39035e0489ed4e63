import { and, eq, isNotNull, isNull, lt, or, sum } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { MediaId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { MediaName } from '../../matrix/ids/mxc.ts';
import type { MediaRecord, MediaRecords } from '../../media/ports.ts';
import { media } from './media.schema.ts';

/** Removing one may take a listing of its objects. */
const OVERDUE_AT_ONCE = 5;

/** The table `media`. */
export function mediaRepository(database: D1Database): MediaRecords {
  const db = drizzle(database);
  const find = async (name: MediaName) => {
    const [row] = await db.select().from(media).where(named(name));
    return row === undefined ? undefined : recordOf(row);
  };
  return {
    find,

    reserve: async ({ server, mediaId, userId, createdTs, expiresTs, maxPending }) => {
      const made = await database
        .prepare(
          `insert into media (server, media_id, user_id, content_type, size_bytes, created_ts, expires_ts, accessed_ts)
           select ?1, ?2, ?3, '', 0, ?4, ?5, ?4
           where ?6 < 0
             or (select count(*) from media where user_id = ?3 and object_key is null and expires_ts > ?4) < ?6`,
        )
        .bind(server, mediaId, userId, createdTs, expiresTs, maxPending === Infinity ? -1 : maxPending)
        .run();
      return made.meta.changes === 1;
    },

    lease: async ({ server, mediaId, now, untilTs }) => {
      const leased = await database
        .prepare(
          `insert into media (server, media_id, content_type, size_bytes, created_ts, expires_ts, accessed_ts)
           values (?1, ?2, '', 0, ?3, ?4, ?3)
           on conflict (server, media_id) do update set expires_ts = excluded.expires_ts
           where object_key is null and expires_ts <= ?3`,
        )
        .bind(server, mediaId, now, untilTs)
        .run();
      return leased.meta.changes === 1;
    },

    complete: async (name, { objectKey, sizeBytes, contentType, fileName }, quotaBytes) => {
      const completed = await database
        .prepare(
          `update media set object_key = ?3, size_bytes = ?4, content_type = ?5, file_name = ?6, expires_ts = null
           where server = ?1 and media_id = ?2 and object_key is null
             and (?7 = 0 or ?4 + (select coalesce(sum(other.size_bytes), 0) from media other
                                  where other.user_id = media.user_id) <= ?7)`,
        )
        .bind(name.server, name.mediaId, objectKey, sizeBytes, contentType, fileName ?? null, quotaBytes)
        .run();
      if (completed.meta.changes === 1) return 'done';
      const record = await find(name);
      if (record === undefined) return 'gone';
      return record.objectKey === undefined ? 'over-quota' : 'taken';
    },

    release: async (name) => {
      const isEmpty = and(named(name), isNull(media.objectKey));
      await db.batch([
        db.delete(media).where(and(isEmpty, or(isNotNull(media.userId), isNull(media.quarantinedBy)))),
        db.update(media).set({ expiresTs: null }).where(isEmpty),
      ]);
    },

    usedBytes: async (userId) => {
      const [row] = await db
        .select({ bytes: sum(media.sizeBytes) })
        .from(media)
        .where(eq(media.userId, userId));
      return Number(row?.bytes ?? 0);
    },

    overdue: async (beforeTs) => {
      const rows = await db
        .select({ server: media.server, mediaId: media.mediaId })
        .from(media)
        .where(and(isNull(media.objectKey), lt(media.expiresTs, beforeTs)))
        .limit(OVERDUE_AT_ONCE);
      return rows.map(nameOf);
    },

    touch: async (name, now) => {
      await db.update(media).set({ accessedTs: now }).where(named(name));
    },
  };
}

const named = ({ server, mediaId }: MediaName) => and(eq(media.server, server), eq(media.mediaId, mediaId));

const nameOf = ({ server, mediaId }: { readonly server: string; readonly mediaId: string }): MediaName => ({
  server: server as ServerName,
  mediaId: mediaId as MediaId,
});

export function recordOf(row: typeof media.$inferSelect): MediaRecord {
  return {
    ...nameOf(row),
    userId: (row.userId ?? undefined) as UserId | undefined,
    contentType: row.contentType,
    fileName: row.fileName ?? undefined,
    sizeBytes: row.sizeBytes,
    objectKey: row.objectKey ?? undefined,
    createdTs: row.createdTs,
    expiresTs: row.expiresTs ?? undefined,
    accessedTs: row.accessedTs,
    isQuarantined: row.quarantinedBy !== null,
  };
}
