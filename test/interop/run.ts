import { spawn } from 'node:child_process';

import { preparePython } from '../support/node/python-environment.ts';

/**
 * `npm run test:interop [-- vitest's arguments]`: installs a real Synapse where it is missing and runs the scenarios.
 * `EYRIE_INTEROP_PAIR` names the servers that meet: `eyrie-synapse` (the default) or `synapse-synapse`, which proves
 * the scenarios themselves. One file: `npm run test:interop -- membership`; one scenario, one way:
 * `npm run test:interop -- membership -t 'eyrie hosts, synapse joins > an invite is rejected'`.
 */
const python = preparePython();
const vitest = spawn('vitest', ['run', '--config', 'test/interop/vitest.config.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, EYRIE_INTEROP_PYTHON: python },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => vitest.kill(signal));
vitest.once('error', (error) => {
  throw error;
});
vitest.once('exit', (code) => (process.exitCode = code ?? 1));
