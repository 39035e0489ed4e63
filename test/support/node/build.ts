import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { closeRunDirectory, openRunDirectory } from './temporary.ts';

const script = join(import.meta.dirname, '..', '..', '..', 'scripts', 'quiet-build.ts');

/**
 * Before a run of tests with servers: builds the bundle, if a source is newer than it, and makes the directory for their
 * data. @returns what to do after the run.
 */
export default function prepareRun(): () => void {
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The bundle could not be built:\n${stderr}`);
  const directory = openRunDirectory();
  return () => closeRunDirectory(directory);
}
