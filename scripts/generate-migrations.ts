import { execFileSync } from 'node:child_process';

/** Generates the migration of each store from its drizzle schema: `npm run migrations -- NAME` names what changed. */
const name = process.argv[2];
if (name === undefined) {
  console.error('usage: npm run migrations -- NAME');
  process.exit(1);
}
const stores = [
  ['d1', 'd1'],
  ['search', 'search-db'],
  ['room', 'room-db'],
  ['user', 'user-db'],
  ['destination', 'destination-db'],
  ['appservice', 'appservice-db'],
] as const;
for (const [folder, schema] of stores) {
  execFileSync(
    'drizzle-kit',
    [
      'generate',
      '--dialect=sqlite',
      `--schema=./src/storage/${schema}/*.schema.ts`,
      `--out=./migrations/${folder}`,
      `--name=${name}`,
    ],
    { stdio: 'inherit' },
  );
}
