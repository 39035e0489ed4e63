import { expect, test } from 'vitest';

import { startEyrie } from '../support/node/eyrie-server.ts';
import { isRunning } from '../support/node/processes.ts';
import { until } from '../support/node/until.ts';

const STOPS_WITHIN_MS = 5000;

test.each(['SIGTERM', 'SIGINT'] as const)('%s to npm start ends it with 0 and leaves nothing', async (signal) => {
  const server = await startEyrie({ throughNpm: true });
  const processes = server.pids();
  expect(processes.length).toBeGreaterThanOrEqual(3); // npm, the launcher, workerd
  const asked = Date.now();
  expect(await server.stop(signal)).toEqual({ code: 0, signal: null });
  await until('nothing to be left', () => !processes.some(isRunning), STOPS_WITHIN_MS);
  expect(Date.now() - asked).toBeLessThan(STOPS_WITHIN_MS);
  await server.remove();
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s to the launcher ends npm start with 0 too', async (signal) => {
  const server = await startEyrie({ throughNpm: true });
  const processes = server.pids();
  process.kill(server.pid('launcher'), signal);
  expect(await server.process.ended).toEqual({ code: 0, signal: null });
  await until('nothing to be left', () => !processes.some(isRunning), STOPS_WITHIN_MS);
  await server.remove();
});

test('a signal during the start ends it with 0 and leaves nothing', async () => {
  const server = await startEyrie();
  await server.stop();
  const starting = server.launch();
  await until('workerd to be started', () => isRunning(server.pid('workerd')));
  const processes = server.pids();
  starting.child.kill('SIGTERM');
  expect(await starting.ended).toEqual({ code: 0, signal: null });
  await until('nothing to be left', () => !processes.some(isRunning), STOPS_WITHIN_MS);
  await server.remove();
});

test('a long poll that is held does not hold up the end', async () => {
  const server = await startEyrie();
  const socket = await fetch(`${server.clientUrl}/_matrix/client/versions`); // opens a connection that stays
  await socket.text();
  const asked = Date.now();
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(Date.now() - asked).toBeLessThan(STOPS_WITHIN_MS);
  await server.remove();
});
