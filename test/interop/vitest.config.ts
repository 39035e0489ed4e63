import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

// The scenarios run by default once Eyrie passes them; until then only for a pair that is asked for.
const tests = process.env['EYRIE_INTEROP_PAIR'] === undefined ? 'harness.test.ts' : '*.test.ts';

/** The suite of `npm run test:interop`: real servers on loopback, one file after the other. */
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    environment: 'node',
    include: [`test/interop/${tests}`],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    globalSetup: ['./test/support/node/build.ts'],
  },
});
