import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

/** The suite of `npm run test:interop`: real servers on loopback, one file after the other. */
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    environment: 'node',
    include: ['test/interop/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    globalSetup: ['./test/support/node/build.ts'],
  },
});
