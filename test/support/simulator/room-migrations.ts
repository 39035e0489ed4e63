import { readFileSync, readdirSync } from 'node:fs';

const FOLDER = 'migrations/room';

/** The migrations of a `Room` object, read as files: Node does not import SQL. */
export const roomMigrations: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'));
