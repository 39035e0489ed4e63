import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { temporaryData } from '../support/node/eyrie-server.ts';
import { freeNeighbours } from '../support/node/free-ports.ts';
import { familyOf, isRunning } from '../support/node/processes.ts';
import { until } from '../support/node/until.ts';

test('npm run demo starts two servers, says what to try, and ends with both', async () => {
  const [clientPort = 0, , federationPort = 0] = await freeNeighbours(4);
  const script = join(import.meta.dirname, '..', '..', 'embedded', 'demo.ts');
  const ports = ['--client-port', `${clientPort}`, '--federation-port', `${federationPort}`];
  const demo = spawn(process.execPath, [script, '--data', temporaryData(), ...ports]);
  let printed = '';
  for (const stream of [demo.stdout, demo.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  try {
    await until('the demonstration to be ready', () => printed.includes('Ctrl-C'), 60_000);
    for (const index of [0, 1]) {
      expect(printed).toContain(
        `[localhost:${federationPort + index}] Eyrie is ready: localhost:${federationPort + index}`,
      );
      const url = `http://127.0.0.1:${clientPort + index}`;
      expect(printed).toContain(url);
      expect((await fetch(`${url}/_matrix/client/versions`)).status).toBe(200);
    }
    const processes = familyOf(demo.pid ?? 0).map(({ pid }) => pid);
    const ended = once(demo, 'exit');
    demo.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await until('nothing to be left', () => !processes.some(isRunning), 5000);
  } finally {
    demo.kill('SIGKILL'); // its servers end with it
  }
});
