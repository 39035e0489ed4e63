import { drizzle } from 'drizzle-orm/d1';

import type { SettingsStore } from '../../settings/settings.ts';
import { settings } from './settings.schema.ts';

/** The tables `settings` and `audit_log`. */
export function settingsRepository(database: D1Database): SettingsStore {
  const db = drizzle(database);
  return {
    read: async () => {
      const rows = await db.select().from(settings);
      const revision = rows.find(({ key }) => key === 'revision')?.value ?? '0';
      return {
        revision: Number(revision),
        rows: rows
          .filter(({ key }) => key !== 'revision')
          .map(({ key, value, updatedTs }) => ({ key, json: value, updatedTs })),
      };
    },

    write: async ({ revision, rows, by, detail, now }) => {
      // One transaction: of two that saw the same revision, the second finds another one and writes nothing.
      const isCurrent = `exists (select 1 from settings where key = 'revision' and value = ?)`;
      const current = String(revision);
      const results = await database.batch([
        database.prepare(`insert or ignore into settings (key, value) values ('revision', '0')`),
        database
          .prepare(
            `insert into settings (key, value, updated_ts)
             select value->>'key', value->>'json', ? from json_each(?) where ${isCurrent}
             on conflict (key) do update set value = excluded.value, updated_ts = excluded.updated_ts`,
          )
          .bind(now, JSON.stringify(rows), current),
        database
          .prepare(`insert into audit_log (ts, user_id, action, detail) select ?, ?, 'settings', ? where ${isCurrent}`)
          .bind(now, by, detail, current),
        database
          .prepare(`update settings set value = ?, updated_ts = ? where key = 'revision' and value = ?`)
          .bind(String(revision + 1), now, current),
      ]);
      return results[3]?.meta.changes === 1;
    },
  };
}
