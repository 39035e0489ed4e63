// The workloads by their names in the performance plan. Each runs to its end and prints what it measured.
const workloads: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  W9: () => import('./workloads/w9.ts'),
  W10: () => import('./workloads/w10.ts'),
};

const asked = process.argv.slice(2).map((name) => workloads[name.toUpperCase()]);
if (asked.length === 0 || asked.includes(undefined)) {
  console.error(`usage: npm run bench -- NAME...    (${Object.keys(workloads).join(', ')})`);
  process.exit(2);
}
for (const load of asked) {
  const workload = await load?.();
  await workload?.run();
}
