// What a client is told whose body is refused before it was read (Client-Server API, "Standard error response")
import { Agent, request } from 'node:http';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { registerBySharedSecret } from '../support/node/shared-secret-user.ts';

const AT_ONCE = 8;
const MIB = 1_048_576;
const sharedSecret = 'a secret of this test';

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
let server: EyrieServer;

beforeAll(async () => {
  server = await startEyrie({ registrationSharedSecret: sharedSecret });
});
afterAll(async () => {
  agent.destroy();
  await server.remove();
});

/**
 * @param headers without a Content-Length, the body is sent in pieces.
 * @returns the status, or why there is none.
 */
function put(method: string, path: string, bytes: number, headers: Record<string, string>): Promise<number | string> {
  return new Promise((resolve) => {
    const asking = request(`${server.clientUrl}${path}`, { method, agent, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    asking.once('error', ({ message }) => resolve(message));
    for (let left = bytes; left > 0; left -= MIB) asking.write(Buffer.alloc(Math.min(left, MIB), 'x'));
    asking.end();
  });
}

/** @returns what was told, each once. */
async function putOften(times: number, ask: () => Promise<number | string>): Promise<(number | string)[]> {
  let left = times;
  const told = new Set<number | string>();
  const inTurn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      told.add(await ask());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn));
  return [...told];
}

test.each([
  ['PUT', '/_matrix/nothing', 100_000, 200, 404],
  ['PUT', '/_matrix/nothing', 3_000_000, 40, 404],
  ['PUT', '/_matrix/federation/v1/send/1', 200_000, 200, 401],
  ['POST', '/_matrix/client/v3/login', 3_000_000, 40, 413],
  ['POST', '/_matrix/client/v3/login', 30_000_000, 16, 413],
])('%s %s of %i bytes, %i times, is told %i each time', async (method, path, bytes, times, status) => {
  const headers = { 'content-length': String(bytes) };
  expect(await putOften(times, () => put(method, path, bytes, headers))).toEqual([status]);
});

test('a file of unknown length that turns out to be too large is told so each time', async () => {
  const admin = await registerBySharedSecret({ clientUrl: server.clientUrl, sharedSecret }, 'administrator', {
    admin: true,
  });
  await admin.request('PUT', '/_eyrie/admin/v1/settings', { settings: { 'media.max_upload_bytes': MIB } });
  const headers = { authorization: `Bearer ${admin.accessToken}`, 'transfer-encoding': 'chunked' };
  const upload = () => put('POST', '/_matrix/media/v3/upload', 30 * MIB, headers);
  expect(await putOften(24, upload)).toEqual([413]);
});
