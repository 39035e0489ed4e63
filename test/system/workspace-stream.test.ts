// The stream of the example workspace (examples/workspace/stream.ts)
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

import { Stream } from '../../examples/workspace/stream.ts';
import type { Workspace } from '../../examples/workspace/workspace.ts';

const PING_MS = 30_000;
const LONGEST_FIRST_WAIT_MS = 500;
/** A control frame that a WebSocket answers by itself, so that it is seen to be open (RFC 6455, section 5.5.2). */
const PING_FRAME = Buffer.from([0x89, 0]);

/** Takes connections, and says nothing over them. */
const server = createServer().on('upgrade', ({ headers }: IncomingMessage, socket: Duplex) => {
  const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'];
  socket.write([...head, `sec-websocket-accept: ${accept}`, '', ''].join('\r\n'));
  socket.write(PING_FRAME);
  sockets.push(socket);
});
const sockets: Duplex[] = [];

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a connection that died without a word is noticed, and another one opened', { timeout: 20_000 }, async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { port } = server.address() as AddressInfo;
  const config = { homeserver: `http://127.0.0.1:${port}`, asToken: 'as_token' };
  const stream = new Stream({ config } as Partial<Workspace> as Workspace);
  onTestFinished(() => stream.stop());
  const opened = once(server, 'upgrade');
  stream.open();
  const [, socket] = (await opened) as [IncomingMessage, Duplex];
  await once(socket, 'data');
  vi.advanceTimersByTime(PING_MS);
  await once(socket, 'data');
  const again = once(server, 'upgrade');
  // The answer is missing.
  vi.advanceTimersByTime(PING_MS);
  vi.advanceTimersByTime(LONGEST_FIRST_WAIT_MS);
  const [{ headers }] = (await again) as [IncomingMessage];
  expect(headers.authorization).toBe('Bearer as_token');
});
