import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { KeyRotation } from '../../settings/rotate-key.ts';
import type { SettingsStore } from '../../settings/settings.ts';
import { settings } from './settings.schema.ts';

/** The row of the server name, beside those of settings. */
const SERVER_NAME = 'server_name';

/** The tables `settings` and `audit_log`, and what a change of the settings does to `signing_keys`. */
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

    claimName: async (name) => {
      const value = JSON.stringify(name);
      await db.insert(settings).values({ key: SERVER_NAME, value }).onConflictDoNothing();
      const [kept] = await db.select().from(settings).where(eq(settings.key, SERVER_NAME));
      return JSON.parse(kept?.value ?? value) as string;
    },

    write: async ({ revision, rows, by, detail, now, rotation, oldKey }) => {
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
        ...(rotation === undefined ? [] : rotated(database, rotation, isCurrent, current)),
        ...(oldKey === undefined
          ? []
          : [
              database
                .prepare(
                  `insert into signing_keys (key_id, wrapped_seed, public_key, created_ts, signs_from_ts, expired_ts)
                   select ?, '', ?, ?, 0, ? where ${isCurrent}
                   on conflict (key_id) do update set expired_ts = excluded.expired_ts where wrapped_seed = ''`,
                )
                .bind(oldKey.keyId, oldKey.publicKey, now, oldKey.expiredTs, current),
            ]),
        database
          .prepare(`update settings set value = ?, updated_ts = ? where key = 'revision' and value = ?`)
          .bind(String(revision + 1), now, current),
      ]);
      return results.at(-1)?.meta.changes === 1;
    },
  };
}

function rotated(
  database: D1Database,
  { next, retired }: KeyRotation,
  isCurrent: string,
  current: string,
): readonly D1PreparedStatement[] {
  return [
    database
      .prepare(`update signing_keys set active = null, expired_ts = ? where key_id = ? and active = 1 and ${isCurrent}`)
      .bind(retired.expiredTs, retired.keyId, current),
    database
      .prepare(
        `insert into signing_keys (key_id, wrapped_seed, public_key, created_ts, signs_from_ts, active)
         select ?, ?, ?, ?, ?, 1 where ${isCurrent}`,
      )
      .bind(next.keyId, next.wrappedSeed, next.publicKey, next.createdTs, next.signsFromTs, current),
  ];
}
