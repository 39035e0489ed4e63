import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

/** The suite of `npm run test:browser`: a page with a real client library in a real browser, real servers on loopback. */
export default defineConfig({
  root: join(import.meta.dirname, '..', '..', '..'),
  test: {
    environment: 'node',
    include: ['test/clients/browser/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    silent: 'passed-only',
    globalSetup: ['./test/support/node/build.ts'],
  },
});
