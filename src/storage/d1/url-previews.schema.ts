import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. What links led to when somebody last asked; forgotten after a week. */
export const urlPreviews = sqliteTable(
  'url_previews',
  {
    /** SHA-256 of the URL. */
    key: text('key').primaryKey(),
    /** JSON as clients get it; null: it could not be had. */
    preview: text('preview'),
    /** Where the picture came from; null: there is none. */
    imageUrl: text('image_url'),
    fetchedTs: integer('fetched_ts').notNull(),
  },
  (table) => [index('url_previews_fetched').on(table.fetchedTs)],
);
