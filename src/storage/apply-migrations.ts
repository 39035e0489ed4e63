/** Migrations of one Durable Object class, oldest first: the text of the generated SQL files. */
export type Migrations = readonly string[];

const BREAKPOINT = '--> statement-breakpoint';

/** @returns how many migrations the object has had; 0 for one that was never born. Reads only. */
export function schemaVersion(sql: SqlStorage): number {
  const table = sql.exec(`select 1 from sqlite_master where type = 'table' and name = 'schema_version'`).toArray();
  if (table.length === 0) return 0;
  return sql.exec<{ version: number }>('select version from schema_version').one().version;
}

/**
 * Brings an object's schema up to date, in the transaction that is open. At birth that is the whole schema; later
 * ones are O(1) DDL (house style, "Storage"). The platform refuses `PRAGMA user_version`, so the version is a table.
 */
export function applyMigrations(sql: SqlStorage, migrations: Migrations): void {
  const version = schemaVersion(sql);
  if (version === migrations.length) return;
  if (version > migrations.length) throw new Error('this object was written by a newer version of Eyrie');
  if (version === 0) {
    sql.exec('create table schema_version (version integer not null)');
    sql.exec('insert into schema_version values (0)');
  }
  for (const migration of migrations.slice(version)) {
    for (const statement of migration.split(BREAKPOINT)) sql.exec(statement);
  }
  sql.exec('update schema_version set version = ?', migrations.length);
}
