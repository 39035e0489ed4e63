import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What users of the shard say of themselves beside name and avatar, which are in `users`. */
export const profileFields = sqliteTable(
  'profile_fields',
  {
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    /** JSON of any type. */
    value: text('value').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.name] })],
);
