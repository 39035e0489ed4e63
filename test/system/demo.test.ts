import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { temporaryData } from '../support/node/eyrie-server.ts';
import { freeNeighbours } from '../support/node/free-ports.ts';
import { familyOf, isRunning } from '../support/node/processes.ts';
import { until } from '../support/node/until.ts';

const run = promisify(execFile);

async function startDemo(...flags: string[]) {
  const [clientPort = 0, , federationPort = 0] = await freeNeighbours(4);
  const script = join(import.meta.dirname, '..', '..', 'embedded', 'demo.ts');
  const ports = ['--client-port', `${clientPort}`, '--federation-port', `${federationPort}`];
  const demo = spawn(process.execPath, [script, '--data', temporaryData(), ...ports, ...flags]);
  let printed = '';
  for (const stream of [demo.stdout, demo.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return { demo, output: () => printed, clientPort, federationPort };
}

test('npm run demo starts two servers, says what to try, and ends with both', async () => {
  const { demo, output, clientPort, federationPort } = await startDemo();
  try {
    await until('the demonstration to be ready', () => output().includes('Ctrl-C'), 60_000);
    const printed = output();
    for (const index of [0, 1]) {
      expect(printed).toContain(
        `[localhost:${federationPort + index}] Eyrie is ready: localhost:${federationPort + index}`,
      );
      const url = `http://127.0.0.1:${clientPort + index}`;
      expect(printed).toContain(url);
      expect((await fetch(`${url}/_matrix/client/versions`)).status).toBe(200);
    }
    const commands = printed.split('\n').filter((line) => line.startsWith('  '));
    const { stdout } = await run('bash', ['-c', commands.join('\n')]);
    expect(stdout.trim().split('\n').at(-1)).toContain('Hello from the other server');
    const processes = familyOf(demo.pid ?? 0).map(({ pid }) => pid);
    const ended = once(demo, 'exit');
    demo.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await until('nothing to be left', () => !processes.some(isRunning), 5000);
  } finally {
    demo.kill('SIGKILL'); // its servers end with it
  }
});

test.each([
  [['--help'], 0, /^npm run demo -- \[flags\]\n\n {2}--data DIRECTORY/],
  [['--bind', '0.0.0.0'], 1, /^Eyrie: The demonstration chooses --bind itself\. With --help/],
  [['--colour'], 1, /^Eyrie: Unknown flag --colour\./],
])('npm run demo with %j says which flags it takes, and starts nothing', async (flags, code, said) => {
  const { demo, output } = await startDemo(...flags);
  expect(await once(demo, 'close')).toEqual([code, null]);
  expect(output()).toMatch(said);
});

test('npm run demo with an application service that has all accounts says that nobody else registers', async () => {
  const registrations = temporaryData();
  const users = [{ exclusive: true, regex: '@.*' }];
  const registration = {
    id: 'workspace',
    url: null,
    as_token: 'as_token_of_the_test',
    hs_token: 'hs_token_of_the_test',
    sender_localpart: 'workspace',
    namespaces: { users, aliases: [], rooms: [] },
  };
  mkdirSync(registrations, { recursive: true });
  writeFileSync(join(registrations, 'workspace.yaml'), JSON.stringify(registration));
  const { demo, output, clientPort, federationPort } = await startDemo('--appservices', registrations);
  try {
    await until('the demonstration to be ready', () => output().includes('Ctrl-C'), 60_000);
    expect(output()).toContain('nobody else registers there');
    expect(output()).not.toContain('register on each');
    const token = new RegExp(String.raw`localhost:${federationPort}\] .* token: (\S+)`).exec(output())?.[1];
    expect(token).toBeDefined();
    for (const auth of [{ type: 'm.login.dummy' }, { type: 'm.login.registration_token', token }]) {
      const answer = await fetch(`http://127.0.0.1:${clientPort}/_matrix/client/v3/register`, {
        method: 'POST',
        body: JSON.stringify({ username: 'alice', password: 'wonderland', auth }),
      });
      expect(await answer.json()).toMatchObject({ errcode: 'M_EXCLUSIVE' });
    }
    const ended = once(demo, 'exit');
    demo.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    demo.kill('SIGKILL');
  }
});
