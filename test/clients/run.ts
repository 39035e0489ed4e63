import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { preparePython } from '../support/node/python-environment.ts';
import { installPackages } from './support/install-packages.ts';

/**
 * `npm run test:clients [-- vitest's arguments]`: installs the client libraries and a real Synapse where they are missing,
 * checks the types of the tests against them, and runs the scenarios. One world: `npm run test:clients -- two-eyries`;
 * one scenario: `npm run test:clients -- one-eyrie -t 'a message is edited'`.
 */
installPackages();
const requirements = join(import.meta.dirname, 'nio-requirements.txt');
const nio = preparePython({ name: 'nio', requirements });
const synapse = preparePython();
const vitest = spawn('vitest', ['run', '--config', 'test/clients/vitest.config.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, EYRIE_NIO_PYTHON: nio, EYRIE_INTEROP_PYTHON: synapse },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => vitest.kill(signal));
vitest.once('error', (error) => {
  throw error;
});
vitest.once('exit', (code) => (process.exitCode = code ?? 1));
