import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { Preview, PreviewStore } from '../../media/previews/ports.ts';
import { urlPreviews } from './url-previews.schema.ts';

const REMOVED_AT_ONCE = 100;
/** Of more links than this the last that were new are kept: users must not be able to fill the database. */
const MAX_ROWS = 20_000;

/** The table `url_previews`. */
export function previewRepository(database: D1Database): PreviewStore {
  const db = drizzle(database);
  return {
    find: async (key) => {
      const [row] = await db.select().from(urlPreviews).where(eq(urlPreviews.key, key));
      if (row === undefined) return undefined;
      return {
        preview: row.preview === null ? undefined : (JSON.parse(row.preview) as Preview),
        imageUrl: row.imageUrl ?? undefined,
        fetchedTs: row.fetchedTs,
      };
    },
    put: async (key, { preview, imageUrl, fetchedTs }) => {
      const values = {
        preview: preview === undefined ? null : JSON.stringify(preview),
        imageUrl: imageUrl ?? null,
        fetchedTs,
      };
      await db
        .insert(urlPreviews)
        .values({ key, ...values })
        .onConflictDoUpdate({ target: urlPreviews.key, set: values });
    },
    removeBefore: async (ts) => {
      await database.batch([
        database
          .prepare(
            `delete from url_previews where key in
               (select key from url_previews where fetched_ts < ? limit ${REMOVED_AT_ONCE})`,
          )
          .bind(ts),
        // Row IDs grow with each new row, and the largest is found without counting.
        database.prepare(
          `delete from url_previews where rowid in
             (select rowid from url_previews
              where rowid <= (select max(rowid) from url_previews) - ${MAX_ROWS} limit ${REMOVED_AT_ONCE})`,
        ),
      ]);
    },
  };
}
