// npm run simulate -- --seeds N --from S [--servers N] [--hostile]: runs seeds one by one and prints the trace of the first one that fails.
import { parseArgs } from 'node:util';

import { runSeed } from '../support/simulator/world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    servers: { type: 'string', default: '3' },
    hostile: { type: 'boolean', default: false },
    steps: { type: 'string', default: '60' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const from = Number(values.from);
const seeds = Number(values.seeds);
const startedAt = performance.now();
const options = { steps: Number(values.steps), servers: Number(values.servers), isHostile: values.hostile };
const failed: number[] = [];
for (let seed = from; seed < from + seeds; seed += 1) {
  const outcome = await runSeed(seed, options);
  const { events, syncs, crashes } = outcome.counts;
  if (outcome.faults.length > 0) {
    failed.push(seed);
    if (!values['keep-going'] || values.trace) for (const line of outcome.trace) say(line);
    say(`seed ${seed} FAILED: ${outcome.faults[0]}`);
    if (!values['keep-going']) break;
  } else if (values.trace) {
    for (const line of outcome.trace) say(line);
    say(`seed ${seed} ok: ${events} positions, ${syncs} syncs, ${crashes} crashes`);
  }
}
const minutes = (performance.now() - startedAt) / 60_000;
say(
  `${seeds} seeds from ${from}: ${failed.length} failed ${failed.join(' ')} (${Math.round(seeds / minutes)} a minute)`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
