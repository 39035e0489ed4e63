import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { installDebianPackages, run, runs } from './debian-packages.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** What a Python environment is for, and the file with its pinned packages. */
interface Environment {
  name: string;
  requirements: string;
}

const synapse: Environment = { name: 'synapse', requirements: join(import.meta.dirname, 'synapse-requirements.txt') };

/**
 * Makes a Python environment, by default the one that Synapse runs in, under `.cache/` and once for each set of pinned
 * versions and each Python; Debian's packages for Python are installed where they are missing.
 * @returns the path of its interpreter. @throws if a step fails; what it said of that has been shown.
 */
export function preparePython({ name, requirements }: Environment = synapse): string {
  if (!runs('python3', ['--version'])) installDebianPackages('python3', 'python3-venv');
  const { stdout: version } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  const key = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const directory = join(root, '.cache', `${name}-${key}`);
  const python = join(directory, 'bin', 'python');
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return python;
  console.log(`Installing ${name} into ${directory}`);
  if (!runs('python3', ['-c', 'import ensurepip, venv'])) installDebianPackages('python3-venv');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(root, '.cache'), { recursive: true });
  run('python3', ['-m', 'venv', directory]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '--no-deps', '-r', requirements];
  run(python, pip);
  writeFileSync(complete, '');
  return python;
}
