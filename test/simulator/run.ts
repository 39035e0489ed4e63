// npm run simulate -- --seeds N --from S: runs worlds by their numbers, on several processors, and prints the trace of the
// first one that fails. The number makes the world, its kind too, unless --servers, --hostile or --partitions ask for one.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { runSeed, worldOf, type Options, type Outcome } from '../support/simulator/world.ts';

interface Share {
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly options: Options | undefined;
  readonly steps: number;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

async function runShare({ first, step, end, options, steps }: Share): Promise<void> {
  for (let seed = first; seed < end; seed += step) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    parentPort?.postMessage(await runSeed(seed, { ...(options ?? worldOf(seed)), steps }));
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      servers: { type: 'string' },
      hostile: { type: 'boolean', default: false },
      partitions: { type: 'boolean', default: false },
      steps: { type: 'string', default: '60' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      report: { type: 'string' },
    },
  });
  return values;
}

type Arguments = ReturnType<typeof readArguments>;

/** One for each processor; each runs every n-th world. */
function startWorkers(values: Arguments, from: number, end: number): readonly Worker[] {
  const isKindAsked = values.servers !== undefined || values.hostile || values.partitions;
  const options = isKindAsked
    ? { servers: Number(values.servers ?? '3'), isHostile: values.hostile, isPartitioned: values.partitions }
    : undefined;
  const step = Math.max(1, Math.min(availableParallelism(), end - from));
  return Array.from({ length: step }, (_, index) => {
    const share: Share = { first: from + index, step, end, options, steps: Number(values.steps) };
    return new Worker(import.meta.filename, { workerData: share });
  });
}

async function main(): Promise<void> {
  const values = readArguments();
  const from = Number(values.from);
  const end = from + Number(values.seeds);
  const startedAt = performance.now();
  const failed: number[] = [];
  let passed = 0;
  const workers = startWorkers(values, from, end);
  const take = ({ seed, faults, trace, counts }: Outcome) => {
    const isLast = faults.length > 0 && !values['keep-going'];
    if (isLast && failed.length > 0) return;
    if (values.trace || isLast) for (const line of trace) say(line);
    if (faults.length === 0) {
      passed += 1;
      if (values.trace) say(`seed ${seed} ok: ${counts.events} positions, ${counts.syncs} syncs`);
      return;
    }
    failed.push(seed);
    say(`seed ${seed} FAILED: ${faults[0]}`);
    if (isLast) for (const worker of workers) void worker.terminate();
  };
  const ended = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', take);
        worker.once('error', reject);
        worker.once('exit', () => resolve());
      }),
  );
  await Promise.all(ended);
  const minutes = (performance.now() - startedAt) / 60_000;
  failed.sort((one, other) => one - other);
  const rate = Math.round((passed + failed.length) / minutes);
  say(
    `${passed} of ${end - from} worlds from ${from} are sound, ${failed.length} failed ${failed.join(' ')} (${rate} a minute)`,
  );
  if (values.report !== undefined)
    writeFileSync(values.report, JSON.stringify({ passed, failed: end - from - passed }));
  process.exitCode = passed === end - from ? 0 : 1;
}

await (isMainThread ? main() : runShare(workerData as Share));
