import { readFileSync, readdirSync } from 'node:fs';

const FOLDER = 'migrations/user';

/** The migrations of a `User` object, read as files: Node does not import SQL. */
export const userMigrations: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'));
