import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../../support/node/debian-packages.ts';

const directory = join(import.meta.dirname, '..');

/**
 * Installs what the lockfile of these tests names, unless it is there already, and checks the types of the tests, which
 * `npm run check` cannot without it. @throws if a step fails; what it said of that has been shown.
 */
export function installPackages(): void {
  const lock = readFileSync(join(directory, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  const mark = join(directory, 'node_modules', 'complete');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== digest) {
    console.log('Installing the client libraries');
    run('npm', ['ci', '--no-progress'], { cwd: directory });
    writeFileSync(mark, digest);
  }
  run('tsc', ['-p', 'tsconfig.json'], { cwd: directory, tells: true });
}
