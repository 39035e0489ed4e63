import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { unstable_getMiniflareWorkerOptions, unstable_splitSqlQuery } from 'wrangler';

/**
 * Build step: what wrangler.toml means to Miniflare and the statements of the databases' migrations, written beside the
 * bundle, so that the launcher need not load wrangler (130 MB of memory and a second of its start).
 */
const migrationsIn = (folder: string) => {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sql')) : [];
  return files.sort().map((name) => ({
    name,
    statements: unstable_splitSqlQuery(readFileSync(`${folder}/${name}`, 'utf8')),
  }));
};
const migrations = { DB: migrationsIn('migrations/d1'), SEARCH: migrationsIn('migrations/search') };
writeFileSync('dist/migrations.json', JSON.stringify(migrations));

const { workerOptions } = unstable_getMiniflareWorkerOptions('wrangler.toml');
const { modulesRules: _modulesRules, ...options } = workerOptions;
writeFileSync('dist/options.json', JSON.stringify(options)); // last: its time is the time of the build
process.exit(0);
