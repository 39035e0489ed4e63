import { readFileSync } from 'node:fs';

import type { D1Database } from '@cloudflare/workers-types';

import type { Databases } from './runtime.ts';
import { StartError } from './start-error.ts';

/** A file of `migrations/d1` or `migrations/search`, split into statements by the build. */
interface Migration {
  name: string;
  statements: string[];
}

/** @throws StartError as {@link applyMigrations}. */
export async function applyAllMigrations(databases: Databases, file: string): Promise<void> {
  const migrations = JSON.parse(readFileSync(file, 'utf8')) as Record<keyof Databases, Migration[]>;
  await applyMigrations(databases.DB, migrations.DB);
  await applyMigrations(databases.SEARCH, migrations.SEARCH);
}

/**
 * Brings a database up to date: each migration that is not recorded yet, in order, in one batch with its record. The
 * table of records is the one that `wrangler d1 migrations apply` keeps.
 * @throws StartError naming the migration that failed; those before it stay applied.
 */
async function applyMigrations(database: D1Database, migrations: readonly Migration[]): Promise<void> {
  await database
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .run();
  const recorded = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const applied = new Set(recorded.results.map((row) => row.name));
  for (const { name, statements } of migrations) {
    if (applied.has(name)) continue;
    const record = database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name);
    try {
      await database.batch([...statements.map((statement) => database.prepare(statement)), record]);
    } catch (error) {
      throw new StartError(`The migration ${name} of the database failed: ${(error as Error).message}.`);
    }
  }
}
