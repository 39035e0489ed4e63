import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

import { installDebianPackages, runs } from '../../support/node/debian-packages.ts';
import { installPackages } from '../support/install-packages.ts';

/**
 * `npm run test:browser [-- vitest's arguments]`: installs the client library, and Debian's chromium where it is missing,
 * and runs the scenarios in it. `EYRIE_SCREENSHOTS=DIR` keeps what the pages looked like.
 */
installPackages();
const emoji = '/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf';
if (!existsSync(emoji) || !runs('chromium', ['--version'])) {
  installDebianPackages('chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji');
}
const vitest = spawn('vitest', ['run', '--config', 'test/clients/browser/vitest.config.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => vitest.kill(signal));
vitest.once('error', (error) => {
  throw error;
});
vitest.once('exit', (code) => (process.exitCode = code ?? 1));
