import { parseArgs } from 'node:util';
import { resolve } from 'node:path';

import { load } from './harness/machine.ts';
import { composeReport, writeReport } from './harness/report.ts';
import type { Section, Workload } from './harness/workload.ts';

/** The workloads by their names in the performance plan. */
const workloads: Readonly<Record<string, () => Promise<Workload>>> = {
  W1: () => import('./workloads/w1.ts'),
  W2: () => import('./workloads/w2.ts'),
  W3: () => import('./workloads/w3.ts'),
  W4: () => import('./workloads/w4.ts'),
  W5: () => import('./workloads/w5.ts'),
  W6: () => import('./workloads/w6.ts'),
  W7: () => import('./workloads/w7.ts'),
  W8: () => import('./workloads/w8.ts'),
  'W8-DEAD': () => import('./workloads/w8-dead.ts'),
  W9: () => import('./workloads/w9.ts'),
  W10: () => import('./workloads/w10.ts'),
  'W10-LIVE': () => import('./workloads/w10-live.ts'),
  W11A: () => import('./workloads/w11a.ts'),
  W11B: () => import('./workloads/w11b.ts'),
  W11C: () => import('./workloads/w11c.ts'),
  W12: () => import('./workloads/w12.ts'),
  'W12-DISK': () => import('./workloads/w12-disk.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    repetitions: { type: 'string' },
    members: { type: 'string' },
    transactions: { type: 'string' },
    events: { type: 'string' },
    rooms: { type: 'string' },
    baseline: { type: 'string' },
  },
});
const names = positionals.map((name) => name.toUpperCase());
if (names.length === 0 || names.some((name) => !Object.hasOwn(workloads, name))) {
  console.error(
    `usage: npm run bench -- NAME... [--quick] [--seconds N] [--repetitions N] [--members N] [--transactions N] [--events N] [--rooms N] [--baseline CHECKOUT]    (${Object.keys(workloads).join(', ')})`,
  );
  process.exit(2);
}
const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
const options = {
  quick: values.quick,
  seconds: number(values.seconds),
  repetitions: number(values.repetitions),
  members: number(values.members),
  transactions: number(values.transactions),
  events: number(values.events),
  rooms: number(values.rooms),
  baseline: values.baseline === undefined ? undefined : resolve(values.baseline),
};
const sections: Section[] = [];
const loads = [load()];
for (const name of names) {
  const workload = await workloads[name]?.();
  if (workload !== undefined) sections.push(await workload.run(options, (line) => console.error(line)));
  loads.push(load());
}
const date = new Date().toISOString().slice(0, 10);
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`;
const text = composeReport(sections, { command, date, loads });
console.log(text);
if (!options.quick) console.error(`written to ${writeReport(text, { names, date })}`);
