import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const guardScript = join(import.meta.dirname, 'workerd-guard.sh');
const reaperScript = join(import.meta.dirname, 'workerd-reaper.sh');

/**
 * Garbage is collected before there is much of it: what a request needed outside of V8's heap is freed with it, and
 * would pile up to 200 MB until V8 had a reason of its own. Without `--optimize-for-size` the heap may quadruple between
 * two collections, the more the busier the machine is; and the small heaps, of what stands behind D1 and R2, wait longest.
 */
const V8_FLAGS = '--optimize-for-size --max-semi-space-size=1 --initial-heap-size=4';

/**
 * Sees to it that no workerd outlives its launcher, however the launcher ends: Miniflare leaves it running after a
 * `kill -9`, still acknowledging writes. Has to be called before Miniflare is imported, which reads the environment.
 * @param data the data directory; its lock has to be held already.
 * @returns stops guarding; to be called when workerd has ended.
 */
export function guardWorkerd(data: string): () => void {
  const pidFile = join(data, 'workerd.pid');
  execFileSync('/bin/sh', [reaperScript, pidFile]); // one that a killed reaper left
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  process.env['EYRIE_WORKERD'] ??= (fromMiniflare('workerd') as { default: string }).default;
  process.env['EYRIE_WORKERD_PID_FILE'] = pidFile;
  const start = randomUUID(); // the reaper of an earlier start may be late: each ends the workerd of its own alone
  process.env['EYRIE_WORKERD_START'] = start;
  process.env['MINIFLARE_WORKERD_PATH'] = guardScript;
  process.env['MINIFLARE_WORKERD_V8_FLAGS'] ??= V8_FLAGS;

  let stopped = false;
  let reaper: ChildProcess;
  const watch = (): void => {
    // detached: a signal for the launcher's process group does not reach it
    reaper = spawn('/bin/sh', [reaperScript, pidFile, start], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    reaper.once('exit', () => {
      if (!stopped) watch();
    });
    reaper.unref();
  };
  watch();
  return () => {
    stopped = true;
    rmSync(pidFile, { force: true });
    reaper.stdin?.end();
  };
}
