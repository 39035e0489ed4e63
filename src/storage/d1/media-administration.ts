import { and, desc, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { UserId } from '../../matrix/ids/brands.ts';
import type { Audit, MediaAdministration } from '../../media/administer.ts';
import { recordOf } from './media-repository.ts';
import { media } from './media.schema.ts';

/** The table `media` as administrators work on it, and `audit_log`. */
export function mediaAdministration(database: D1Database): MediaAdministration {
  const db = drizzle(database);
  const log = (action: string, { by, now, detail }: Audit) =>
    database
      .prepare('insert into audit_log (ts, user_id, action, detail) select ?, ?, ?, ? where changes() > 0')
      .bind(now, by, action, JSON.stringify(detail));
  return {
    list: async ({ userId, server, isRemote = false, accessedBeforeTs, isServed = false }, limit, after) => {
      const rows = await db
        .select()
        .from(media)
        .where(
          and(
            or(isNotNull(media.objectKey), isNotNull(media.quarantinedBy)),
            userId === undefined ? undefined : eq(media.userId, userId),
            server === undefined ? undefined : eq(media.server, server),
            isRemote ? isNull(media.userId) : undefined,
            isServed ? isNull(media.quarantinedBy) : undefined,
            accessedBeforeTs === undefined ? undefined : lt(media.accessedTs, accessedBeforeTs),
            after === undefined
              ? undefined
              : sql`(${media.createdTs}, ${media.server}, ${media.mediaId}) < (${after.createdTs}, ${after.server}, ${after.mediaId})`,
          ),
        )
        .orderBy(desc(media.createdTs), desc(media.server), desc(media.mediaId))
        .limit(limit);
      return rows.map((row) => ({ ...recordOf(row), quarantinedBy: (row.quarantinedBy ?? undefined) as UserId }));
    },

    quarantine: async ({ server, mediaId }, by, isRemote, audit) => {
      const change =
        isRemote && by !== undefined
          ? database
              .prepare(
                `insert into media (server, media_id, content_type, size_bytes, created_ts, accessed_ts, quarantined_by)
                 values (?1, ?2, '', 0, ?3, ?3, ?4)
                 on conflict (server, media_id) do update set quarantined_by = excluded.quarantined_by`,
              )
              .bind(server, mediaId, audit.now, by)
          : database
              .prepare('update media set quarantined_by = ? where server = ? and media_id = ?')
              .bind(by ?? null, server, mediaId);
      const [changed] = await database.batch([
        change,
        log(by === undefined ? 'media_released' : 'media_quarantined', audit),
        // What was never here is forgotten again.
        database
          .prepare(
            `delete from media where server = ? and media_id = ? and user_id is null and object_key is null
               and expires_ts is null and quarantined_by is null`,
          )
          .bind(server, mediaId),
      ]);
      return changed?.meta.changes === 1;
    },

    retire: async ({ server, mediaId }, untilTs, audit) => {
      const [retired] = await database.batch([
        database
          .prepare(
            `update media set object_key = null, size_bytes = 0, expires_ts = ?
             where server = ? and media_id = ? and object_key is not null`,
          )
          .bind(untilTs, server, mediaId),
        log('media_deleted', audit),
      ]);
      return retired?.meta.changes === 1;
    },
  };
}
