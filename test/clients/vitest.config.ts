import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

/** The suite of `npm run test:clients`: real client libraries, real servers on loopback; most of the time is waiting. */
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    environment: 'node',
    include: ['test/clients/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 3,
    silent: 'passed-only',
    globalSetup: ['./test/support/node/build.ts'],
  },
});
