import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Build step of `npm start`: builds the bundle if a source is newer than it, in silence unless it fails. */
const root = join(import.meta.dirname, '..');
const sources = ['src', 'migrations', 'scripts/worker-options.ts', 'wrangler.toml', 'package.json', 'tsconfig.json'];
const built = join(root, 'dist', 'options.json'); // the last file of a build
const log = join(root, 'build.log');

if (!isFresh()) {
  // two starts at once share one build
  mkdirSync(join(root, '.cache'), { recursive: true });
  const lock = new DatabaseSync(join(root, '.cache', 'build-lock'), { timeout: 120_000 });
  lock.exec('begin exclusive');
  if (!isFresh()) build();
  lock.close();
}

function build(): void {
  const out = openSync(log, 'w');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', out, out] });
  if (status === 0) return;
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  process.stderr.write(`${tail}\nEyrie could not be built; the whole story is in build.log.\n`);
  process.exit(1);
}

function isFresh(): boolean {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return sources.every((source) => newest(join(root, source)) < builtAt);
}

/** The time of the last change in a file or a folder, ms; a folder's own time tells of files that were removed. */
function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
