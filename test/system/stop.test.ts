import { expect, test } from 'vitest';

import { EyrieServer, startEyrie, temporaryData } from '../support/node/eyrie-server.ts';
import { freePorts } from '../support/node/free-ports.ts';
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
  const [clientPort = 0, federationPort = 0] = await freePorts(2);
  const server = new EyrieServer({ clientPort, federationPort, data: temporaryData() });
  await until('workerd to be started', () => isRunning(server.pid('workerd')));
  const processes = server.pids();
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(server.process.stdout).not.toContain('Eyrie is ready');
  await until('nothing to be left', () => !processes.some(isRunning), STOPS_WITHIN_MS);
  await server.remove();
});
