import { spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

import { percentile } from './statistics.ts';

const SYNCS = 200;

/** What the figures depend on, as lines of a list. */
export function describeMachine(): string[] {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} processors, ${first?.model ?? 'of an unknown kind'}, ${memory} GiB of memory, Linux ${release()}`,
    `disk, after the run: \`fdatasync\` of 4 KB p50 ${syncTimes()}`,
    `Node ${process.version.slice(1)}, workerd ${versionOf('workerd')}, miniflare ${versionOf('miniflare')}`,
  ];
}

/** How many processes wanted a processor, over the last minute. */
export function load(): string {
  return (loadavg()[0] ?? Number.NaN).toFixed(1);
}

/** Pins processes with all their threads to a processor. @returns whether that was possible. */
export function pin(pids: readonly number[], processor: number): boolean {
  if (cpus().length < 2) return false;
  return pids.every((pid) => spawnSync('taskset', ['-a', '-c', '-p', `${processor}`, `${pid}`]).status === 0);
}

function syncTimes(): string {
  const directory = mkdtempSync(join(tmpdir(), 'eyrie-bench-'));
  const file = openSync(join(directory, 'synced'), 'w');
  const page = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let index = 0; index < SYNCS; index += 1) {
    writeSync(file, page);
    const start = performance.now();
    fdatasyncSync(file);
    times.push(1000 * (performance.now() - start));
  }
  closeSync(file);
  rmSync(directory, { recursive: true });
  return `${Math.round(percentile(times, 0.5))} us, p99 ${Math.round(percentile(times, 0.99))} us`;
}

function versionOf(name: string): string {
  const file = join(import.meta.dirname, '..', '..', 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
