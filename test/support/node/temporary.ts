import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningProcess, runningProcesses } from './processes.ts';

/** Where the directory of a test run is named to its workers, which vitest ends without their exit handlers. */
const VARIABLE = 'TEST_RUN_DIRECTORY';
const PATIENCE_MS = 3000;

/** Makes the directory of this run. @returns its path. */
export function openRunDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'eyrie-test-'));
  process.env[VARIABLE] = directory;
  return directory;
}

/** Ends what a failed test left running with data in the run's directory, and removes it. */
export function closeRunDirectory(directory: string): void {
  const left = (): RunningProcess[] => runningProcesses().filter(({ command }) => command.includes(directory));
  for (const { pid, command } of left()) {
    if (!command.includes('workerd-reaper')) kill(pid); // those end by themselves, after what they watch
  }
  const end = Date.now() + PATIENCE_MS;
  while (left().length > 0 && Date.now() < end); // asking takes a while; an exit handler cannot wait otherwise
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** A new empty directory, removed at the end of the run, or of this process when there is no run. */
export function temporaryDirectory(name: string): string {
  const known = process.env[VARIABLE];
  if (known !== undefined) return mkdtempSync(join(known, `${name}-`));
  const own = openRunDirectory();
  process.once('exit', () => closeRunDirectory(own));
  return temporaryDirectory(name);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}
