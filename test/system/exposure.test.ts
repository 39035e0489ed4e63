import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';

let server: EyrieServer;
beforeAll(async () => {
  server = await startEyrie();
});
afterAll(() => server.remove());

/** Headers with which Miniflare's own socket can be steered, and those of our front. */
const steering = {
  'MF-Original-URL': 'http://127.0.0.1/_matrix/client/versions',
  'MF-Original-Hostname': 'localhost',
  'MF-Disable-Pretty-Error': 'true',
  'MF-Custom-Fetch-Service': 'loopback',
  'MF-Custom-Node-Service': 'loopback',
  'MF-Route-Override': 'egress',
  'MF-CF-Blob': '{}',
  'MF-Proxy-Shared-Secret': 'guessed',
  'MF-Op': 'GET',
  'MF-Op-Target': 'DB',
  'MF-Op-Key': 'prepare',
  'CF-Connecting-IP': '192.0.2.1',
  'eyrie-front-secret': 'guessed',
  'eyrie-client-address': '192.0.2.1',
};

describe.each(['client', 'federation'] as const)('on the %s port', (port) => {
  test.each([
    '/cdn-cgi/',
    '/cdn-cgi/local/r2/public/MEDIA/key',
    '/cdn-cgi/local/scheduled',
    '/cdn-cgi/local/explorer',
    '/cdn-cgi/mf/scheduled',
    '/cdn-cgi/mf/reload',
    '/cdn-cgi/handler/scheduled',
    '//cdn-cgi/local/r2/public/MEDIA/key',
    '/_matrix/../cdn-cgi/local/r2/public/MEDIA/key',
  ])('%s is not there', async (path) => {
    for (const host of ['localhost', '127.0.0.1', new URL(server.clientUrl).host]) {
      const { status, body } = await ask(port, path, { Host: host });
      expect(status).toBe(404);
      expect(body).toMatchObject({ errcode: 'M_UNRECOGNIZED' });
    }
  });

  test.each(Object.entries(steering))('%s has no effect', async (name, value) => {
    const plain = await ask(port, '/_matrix/no/such/path', {});
    expect(plain.status).toBe(404);
    expect(await ask(port, '/_matrix/no/such/path', { [name]: value })).toEqual(plain);
    expect(await ask(port, '/_matrix/client/versions', { [name]: value })).toMatchObject({ status: 200 });
  });
});

async function ask(
  port: 'client' | 'federation',
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; body: unknown }> {
  const url = port === 'client' ? server.clientUrl : server.federationUrl;
  const options = { path, headers, agent: false };
  // the self-made certificate is looked at elsewhere
  const request =
    port === 'client' ? httpRequest(url, options) : httpsRequest(url, { ...options, rejectUnauthorized: false });
  request.end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) };
}
