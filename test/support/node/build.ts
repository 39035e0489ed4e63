import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const script = join(import.meta.dirname, '..', '..', '..', 'scripts', 'quiet-build.ts');

/** Builds the bundle that servers under test run, once and only if a source is newer than it. */
export default function buildBundle(): void {
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The bundle could not be built:\n${stderr}`);
}
