import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** The variables of these names that are set: what the tests in workerd may be told from outside. */
function ofEnvironment(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Far more than any test takes alone: the machine may be busy, and a test says itself what has to be quick. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig(async () => ({
  test: {
    // By default a processor is left free, which is half of a small machine: files of tests wait more than they compute.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          ...patience,
          name: 'matrix',
          environment: 'node',
          include: ['test/matrix/**/*.test.ts', 'test/simulator/**/*.test.ts'],
          setupFiles: ['./test/support/core/property-seed.ts'],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                MIGRATIONS: await readD1Migrations('migrations/d1'),
                SEARCH_MIGRATIONS: await readD1Migrations('migrations/search'),
                EYRIE_SERVER_NAME: 'eyrie.test',
                EYRIE_SECRET: 'a secret of the tests, 32 characters or more',
                EYRIE_PASSWORD_COST: '10',
                EYRIE_REGISTRATION: 'open',
                EYRIE_REGISTRATION_SHARED_SECRET: 'a shared secret of the tests',
                EYRIE_BOOTSTRAP_TOKEN: 'bootstrap-token-of-the-tests',
                EYRIE_RATE_LIMITS: 'off',
                EYRIE_ACCOUNTS_PER_SHARD: '3',
                ...ofEnvironment('EYRIE_TEST_SEED', 'EYRIE_TEST_REQUESTS'),
              },
            },
          }),
        ],
        test: {
          ...patience,
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          setupFiles: ['./test/support/worker/setup.ts'],
        },
      },
      {
        test: {
          ...patience,
          name: 'system',
          environment: 'node',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          globalSetup: ['./test/support/node/build.ts'],
        },
      },
    ],
  },
}));
