import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { temporaryDirectory } from '../node/temporary.ts';

/**
 * How many rows each table of each database below a directory has, by `file table`, and each other file, by its name. The
 * databases may be in use: copies are read.
 */
export function storedRows(directory: string): ReadonlyMap<string, number> {
  const copies = temporaryDirectory('rows');
  const rows = new Map<string, number>();
  for (const file of filesIn(directory)) {
    const name = relative(directory, file);
    if (/-(?:wal|shm|journal)$/.test(file)) continue;
    if (!file.endsWith('.sqlite')) {
      rows.set(name, 1);
      continue;
    }
    const copy = join(copies, `${rows.size}.sqlite`);
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    for (const [table, count] of tablesOf(copy)) rows.set(`${name} ${table}`, count);
  }
  return rows;
}

/** What is there now and was not before. */
export function grown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): readonly string[] {
  return [...after].flatMap(([name, count]) => {
    const was = before.get(name) ?? 0;
    return count > was || !before.has(name) ? [`${name}: ${was} → ${count}`] : [];
  });
}

/** Whether an object still has something to do: an event to deliver, to retry, to undo. */
export function hasDuties(rows: ReadonlyMap<string, number>): boolean {
  return [...rows].some(([name, count]) => name.endsWith(' duties') && count > 0);
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

function tablesOf(file: string): readonly (readonly [string, number])[] {
  const database = new DatabaseSync(file);
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    return tables.map(({ name }) => {
      const counted = database.prepare(`select count(*) as count from "${String(name)}"`).get();
      return [String(name), Number(counted?.['count'])] as const;
    });
  } finally {
    database.close();
  }
}
