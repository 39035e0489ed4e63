// Files through the front (Client-Server API and Server-Server API, "Content repository")
import { createHash, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';

const LIMIT = 50 * 1024 * 1024;
const PIECE = 64 * 1024;
const content = randomBytes(LIMIT);
/** On a machine that does much else, too. */
const LONG = { timeout: 600_000 };
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let first: EyrieServer;
let second: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [first, second] = await startTwoEyries();
  alice = await new MatrixClient(first.clientUrl).register('alice');
  bob = await new MatrixClient(second.clientUrl).register('bob');
});
afterAll(() => Promise.all([first.remove(), second.remove()]));

const UPLOAD = '/_matrix/media/v3/upload';

/** As a stream that has no length of its own. */
function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, at + PIECE));
      at += PIECE;
    },
  });
}

async function uploadStream(bytes: Uint8Array) {
  const response = await fetch(`${first.clientUrl}${UPLOAD}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alice.accessToken}` },
    body: inPieces(bytes),
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function download(client: MatrixClient, uri: unknown, headers: Record<string, string> = {}) {
  const url = `${client.baseUrl}/_matrix/client/v1/media/download/${String(uri).slice('mxc://'.length)}`;
  const response = await fetch(url, { headers: { ...headers, authorization: `Bearer ${client.accessToken}` } });
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}

test('50 MB go up, down, in part and to another server as they are', LONG, async () => {
  const { content_uri: uri } = await alice.request('POST', UPLOAD, content, { query: { filename: 'big.bin' } });
  const whole = await download(alice, uri);
  expect([whole.status, digest(whole.bytes)]).toEqual([200, digest(content)]);
  expect(whole.headers.get('content-length')).toBe(String(LIMIT));
  const part = await download(alice, uri, { range: `bytes=${LIMIT - 10}-` });
  expect([part.status, digest(part.bytes)]).toEqual([206, digest(content.subarray(-10))]);
  const remote = await download(bob, uri);
  expect([remote.status, digest(remote.bytes)]).toEqual([200, digest(content)]);
  expect(remote.headers.get('content-disposition')).toBe('attachment; filename="big.bin"');
});

test('50 MB of unknown length are taken, more is cut off with the reason', LONG, async () => {
  const taken = await uploadStream(content);
  expect(taken.status).toBe(200);
  expect(digest((await download(alice, taken.body['content_uri'])).bytes)).toBe(digest(content));
  const refused = await uploadStream(Buffer.concat([content, Buffer.alloc(1)]));
  expect([refused.status, refused.body['errcode']]).toEqual([413, 'M_TOO_LARGE']);
});

test('more than 50 MB are refused with the reason before they have been sent', LONG, async () => {
  const answer = await alice.tryRequest('POST', UPLOAD, Buffer.alloc(LIMIT + 1));
  expect([answer.status, answer.body['errcode']]).toEqual([413, 'M_TOO_LARGE']);
  expect(answer.body['error']).toContain('50 MiB');
});

test('what is shown of a file is there after a restart', LONG, async () => {
  const { content_uri: uri } = await alice.request('POST', UPLOAD, content.subarray(0, 1_000));
  await first.restart();
  expect(digest((await download(alice, uri)).bytes)).toBe(digest(content.subarray(0, 1_000)));
});
