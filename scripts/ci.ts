import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { countVitestReport, type Count } from './vitest-report.ts';

/**
 * Runs every part of the continuous integration, whatever came of the parts before it, and ends its output with the
 * line `N passed, N failed`. A vitest suite counts one per test case, the simulator one per world, the
 * fuzzer one per route and promise, any other part one; `npm ci`, which went before, counts one. Exit code 1 if anything
 * failed.
 */
interface Part {
  name: string;
  command: readonly string[];
  limitMinutes: number;
  /** The name of the npm script it needs: a part whose script package.json does not have is not run. */
  script?: string;
  /** Who writes the report that is counted; without it the part counts one. */
  report?: 'vitest' | 'counted';
}

const suite = (script: string, limitMinutes: number): Part => ({
  name: `npm run ${script}`,
  command: ['npm', 'run', script, '--'],
  limitMinutes,
  script,
  report: 'vitest',
});

const parts: readonly Part[] = [
  suite('test', 30),
  { name: 'npm run check', command: ['npm', 'run', 'check'], limitMinutes: 8 },
  {
    name: 'npm run simulate -- --seeds 2000',
    command: ['npm', 'run', 'simulate', '--', '--seeds', '2000', '--keep-going'],
    limitMinutes: 20,
    script: 'simulate',
    report: 'counted',
  },
  {
    name: 'npm run fuzz -- --requests 100000',
    command: ['npm', 'run', 'fuzz', '--', '--requests', '100000'],
    limitMinutes: 20,
    script: 'fuzz',
    report: 'counted',
  },
  suite('test:interop', 20),
  suite('test:clients', 10),
  suite('test:browser', 10),
  { name: 'wrangler deploy --dry-run', command: ['wrangler', 'deploy', '--dry-run'], limitMinutes: 4 },
];

const deadline = Date.now() + 57 * 60_000;
const children = new Set<ChildProcess>();
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended by itself.
  }
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const child of children) signalGroup(child, 'SIGKILL');
    process.exit(1);
  });
}

/** Runs one command in a process group of its own, which is ended as a whole when the time is over. */
const run = (command: readonly string[], limitMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const [file = '', ...args] = command;
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    children.add(child);
    const timers = [
      setTimeout(() => {
        console.log(`Out of time after ${Math.round(limitMs / 1000)} s: ${command.join(' ')}`);
        signalGroup(child, 'SIGTERM');
      }, limitMs),
      setTimeout(() => signalGroup(child, 'SIGKILL'), limitMs + 10_000),
    ];
    const end = (succeeded: boolean): void => {
      for (const timer of timers) clearTimeout(timer);
      children.delete(child);
      signalGroup(child, 'SIGKILL');
      resolve(succeeded);
    };
    child.once('error', (error) => {
      console.log(`${file}: ${error.message}`);
      end(false);
    });
    child.once('exit', (code) => end(code === 0));
  });

const reports = mkdtempSync(join(tmpdir(), 'eyrie-ci-'));

const runPart = async (part: Part): Promise<Count> => {
  const limitMs = Math.min(part.limitMinutes * 60_000, Math.max(deadline - Date.now(), 0));
  if (limitMs === 0) {
    console.log(`Not run, the whole is out of time: ${part.name}`);
    return { passed: 0, failed: 1 };
  }
  const report = join(reports, `${part.script}.json`);
  if (part.report === undefined) {
    const succeeded = await run(part.command, limitMs);
    return { passed: Number(succeeded), failed: Number(!succeeded) };
  }
  if (part.report === 'counted') {
    await run([...part.command, '--report', report], limitMs);
    return existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Count) : { passed: 0, failed: 1 };
  }
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const succeeded = await run([...part.command, ...reporters], limitMs);
  return countVitestReport(report, succeeded);
};

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const total: Count = { passed: 1, failed: 0 };
const summary: string[] = [];
for (const part of parts) {
  if (part.script !== undefined && !(part.script in scripts)) continue;
  console.log(`\n== ${part.name}`);
  const started = Date.now();
  const { passed, failed, failures = [] } = await runPart(part);
  total.passed += passed;
  total.failed += failed;
  summary.push(`${part.name}: ${passed} passed, ${failed} failed in ${Math.round((Date.now() - started) / 1000)} s`);
  // Here once more: of a long log often only the end is read.
  for (const failure of failures) summary.push(`  failed: ${failure}`);
}
rmSync(reports, { recursive: true });
console.log(`\n== summary\n${summary.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
