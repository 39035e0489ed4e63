import type { Workload } from './workload.ts';

// The workloads by their names in the performance plan.
const workloads: Readonly<Record<string, () => Promise<{ readonly workload: Workload }>>> = {
  W9: () => import('./workloads/w9.ts'),
};

const asked = process.argv.slice(2).map((name) => name.toUpperCase());
const known = Object.keys(workloads);
if (asked.length === 0 || asked.some((name) => !known.includes(name))) {
  console.error(`usage: npm run bench -- NAME...    (${known.join(', ')})`);
  process.exit(2);
}
for (const name of asked) {
  const load = workloads[name];
  if (load === undefined) continue;
  const { workload } = await load();
  console.log(`\n${name}: ${workload.title}`);
  await workload.run((line) => {
    console.log(`  ${line}`);
  });
}
