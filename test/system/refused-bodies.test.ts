// What a client is told whose body is refused before it was read (Client-Server API, "Standard error response")
import { Agent, request } from 'node:http';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';

const AT_ONCE = 8;

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
let server: EyrieServer;

beforeAll(async () => {
  server = await startEyrie();
});
afterAll(async () => {
  agent.destroy();
  await server.remove();
});

/** @returns the status, or why there is none. */
function put(method: string, path: string, bytes: number): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-length': bytes };
    const asking = request(`${server.clientUrl}${path}`, { method, agent, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    asking.once('error', ({ message }) => resolve(message));
    asking.end(Buffer.alloc(bytes, 'x'));
  });
}

test.each([
  ['PUT', '/_matrix/nothing', 100_000, 200, 404],
  ['PUT', '/_matrix/nothing', 3_000_000, 40, 404],
  ['PUT', '/_matrix/federation/v1/send/1', 200_000, 200, 401],
  ['POST', '/_matrix/client/v3/login', 3_000_000, 40, 413],
  ['POST', '/_matrix/client/v3/login', 30_000_000, 16, 413],
])('%s %s of %i bytes, %i times, is told %i each time', async (method, path, bytes, times, status) => {
  let left = times;
  const told = new Set<number | string>();
  const ask = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      told.add(await put(method, path, bytes));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  expect([...told]).toEqual([status]);
});
