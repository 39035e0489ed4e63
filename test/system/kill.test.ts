import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type EyrieServer, startEyrie, temporaryData } from '../support/node/eyrie-server.ts';
import { isRunning, runningProcesses } from '../support/node/processes.ts';
import { until } from '../support/node/until.ts';

const reaperScript = join(import.meta.dirname, '..', '..', 'embedded', 'workerd-reaper.sh');
const GONE_WITHIN_MS = 3000;
const SERVES_WITHIN_MS = 3000;

let server: EyrieServer;
beforeAll(async () => {
  server = await startEyrie({ throughNpm: true });
});
afterAll(() => server.remove());

describe('kill -9', () => {
  test.each(['npm', 'launcher', 'all'] as const)(
    'of %s leaves nothing, and the same command starts again',
    async (part) => {
      const processes = server.pids();
      await server.kill9(part, GONE_WITHIN_MS);
      expect(processes.filter(isRunning)).toEqual([]);
      expect(runningProcesses().filter(({ command }) => command.includes(server.data))).toEqual([]);
      await server.restart();
      expect(server.process.stderr).toBe('');
      expect(await versionsStatus()).toBe(200);
    },
  );

  test('of workerd alone: it serves again', async () => {
    const before = server.pid('workerd');
    await server.kill9('workerd', GONE_WITHIN_MS);
    await until('an answer', async () => (await versionsStatus()) === 200, SERVES_WITHIN_MS);
    expect(server.pid('workerd')).not.toBe(before);
    expect(server.process.child.exitCode).toBeNull();
  });

  test('of workerd again and again while it starts: it serves again', async () => {
    for (let kill = 0; kill < 3; kill += 1) {
      const pid = server.pid('workerd');
      process.kill(pid, 'SIGKILL');
      await until('another workerd', () => server.pid('workerd') !== pid && isRunning(server.pid('workerd')));
    }
    await until('an answer', async () => (await versionsStatus()) === 200, SERVES_WITHIN_MS);
    expect(server.process.child.exitCode).toBeNull();
  });

  test('of the launcher and of what guards workerd: the next start ends what was left', async () => {
    const workerd = server.pid('workerd');
    const reaper = runningProcesses().find(({ command }) => command.includes(`workerd-reaper.sh ${server.data}`));
    const [launcher, npm] = [server.pid('launcher'), server.pid('npm')];
    for (const pid of [npm, launcher, reaper?.pid ?? 0]) process.kill(pid, 'SIGSTOP'); // so that none sees another die
    for (const pid of [npm, reaper?.pid ?? 0, launcher]) process.kill(pid, 'SIGKILL');
    await until('the launcher to be gone', () => !isRunning(launcher));
    expect(isRunning(workerd)).toBe(true);
    await server.restart();
    expect(isRunning(workerd)).toBe(false);
    expect(await versionsStatus()).toBe(200);
  });
});

test('what guards workerd, when it is late, leaves the one of the next start alone', async () => {
  const file = join(temporaryData(), 'workerd.pid');
  const reaper = spawn('/bin/sh', [reaperScript, file, 'the first start'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const next = spawn('sleep', ['60'], {
    env: { ...process.env, EYRIE_WORKERD_PID_FILE: file, EYRIE_WORKERD_START: 'the second start' },
  });
  writeFileSync(file, `${next.pid}`);
  const done = once(reaper, 'exit');
  reaper.stdin.end();
  await done;
  expect(isRunning(next.pid ?? 0)).toBe(true);
  const ended = once(next, 'exit');
  execFileSync('/bin/sh', [reaperScript, file]); // as each start does before anything else
  await ended;
  expect(next.signalCode).toBe('SIGKILL');
});

async function versionsStatus(): Promise<number> {
  const response = await fetch(`${server.clientUrl}/_matrix/client/versions`);
  await response.text();
  return response.status;
}
