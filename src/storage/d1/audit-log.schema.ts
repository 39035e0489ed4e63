import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Source. Who changed what. */
export const auditLog = sqliteTable('audit_log', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  ts: integer('ts').notNull(),
  userId: text('user_id').notNull(),
  action: text('action').notNull(),
  detail: text('detail').notNull(),
});
