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
    // Nobody holds what matrix-bot-sdk asks by itself when a transaction comes; a server that is killed cuts it off.
    onUnhandledError: (error) => !('code' in error && error.code === 'ECONNRESET'),
    globalSetup: ['./test/support/node/build.ts'],
  },
});
