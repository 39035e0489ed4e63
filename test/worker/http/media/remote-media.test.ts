import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import { aPeer, forgetPeers, type Peer } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { changeSettings, getMedia, refusal, someBytes } from '../../../support/worker/files.ts';

const SIGNED = '/_matrix/federation/v1/media/download/';
const LEGACY = '/_matrix/media/v3/download/';

let user: TestUser;
beforeAll(async () => {
  user = await aLoggedInUser('reader');
});
afterEach(forgetPeers);

const inParts = (file: string | Uint8Array, headers: string) =>
  new Response(
    Buffer.concat([
      Buffer.from(`--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\n${headers}\r\n\r\n`),
      Buffer.from(file),
      Buffer.from('\r\n--b--\r\n'),
    ]),
    { headers: { 'content-type': 'multipart/mixed; boundary="b"' } },
  );
const aFile = (file: string | Uint8Array = 'the file') =>
  inParts(file, 'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a b.txt"');
const refuse = (status: number, errcode: string) => Response.json({ errcode, error: 'no' }, { status });
const download = (peer: Peer, id = 'abc', query = '') =>
  getMedia(user, `download/${encodeURIComponent(peer.server.name)}/${id}${query}`);
const asked = (peer: Peer, path: string) => peer.received.filter(({ target }) => target.startsWith(path));

test('a file of another server is fetched once and kept', async () => {
  const peer = aPeer();
  peer.reply(SIGNED, () => aFile());
  const responses = await Promise.all([download(peer), download(peer), download(peer)]);
  for (const response of responses) expect(await response.text()).toBe('the file');
  expect(responses[0]?.headers.get('content-type')).toBe('text/plain');
  expect(responses[0]?.headers.get('content-disposition')).toBe('inline; filename="a b.txt"');
  peer.reply(SIGNED, () => refuse(404, 'M_NOT_FOUND'));
  expect(await (await download(peer)).text()).toBe('the file');
  expect(asked(peer, SIGNED)).toHaveLength(1);
  expect(asked(peer, SIGNED)[0]?.target).toMatch(/\/abc\?timeout_ms=\d+$/);
  expect(asked(peer, SIGNED)[0]?.authorization).toMatch(/^X-Matrix /);
});

test('a large file with line ends in it arrives as it is', async () => {
  const peer = aPeer();
  const bytes = Buffer.concat([someBytes(6_000_000), Buffer.from('\r\n\r\n--\r\n-b')]);
  peer.reply(SIGNED, () => aFile(bytes));
  expect(Buffer.from(await (await download(peer)).arrayBuffer()).equals(bytes)).toBe(true);
});

test('an empty file is one too', async () => {
  const peer = aPeer();
  peer.reply(SIGNED, () => aFile(''));
  const response = await download(peer);
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('a server that does not know the endpoint is asked by the deprecated one, without a signature', async () => {
  const peer = aPeer();
  peer.reply(LEGACY, () => new Response('old file', { headers: { 'content-type': 'image/png' } }));
  const response = await download(peer);
  expect([await response.text(), response.headers.get('content-type')]).toEqual(['old file', 'image/png']);
  const [request] = asked(peer, LEGACY);
  expect(request?.target).toContain('allow_remote=false');
  expect(request?.authorization).toBe('');
});

test('where a file is said to be elsewhere it is fetched from there', async () => {
  const peer = aPeer();
  const cdn = aPeer();
  peer.reply(SIGNED, () => inParts('', `Location: https://${cdn.server.name}/x?signed=1`));
  cdn.reply('/x', () => new Response('from there', { headers: { 'content-type': 'text/plain' } }));
  const response = await download(peer);
  expect([response.status, await response.text()]).toEqual([200, 'from there']);
  expect(cdn.received[0]?.authorization).toBe('');
});

test.each(['https://127.0.0.1/x', 'https://169.254.169.254/latest', 'http://public.example/x', 'file:///etc/passwd'])(
  'never 37: %s is not fetched for a file',
  async (location) => {
    const peer = aPeer();
    peer.reply(SIGNED, () => inParts('', `Location: ${location}`));
    expect(await refusal(await download(peer, 'abc', '?timeout_ms=0'))).toEqual([502, 'EYRIE_CONNECTION_FAILED']);
    expect(vi.mocked(fetch).mock.calls.map(([url]) => url)).not.toContain(location);
  },
);

describe('never lost:', () => {
  test('a failure that passes is retried at once', async () => {
    const peer = aPeer();
    const answers = [
      () => refuse(503, 'M_UNKNOWN'),
      () => new Response('--b\r\n\r\n{}\r\n--b\r\n\r\nthe fi', { headers: aFile().headers }),
    ];
    peer.reply(SIGNED, () => (answers.shift() ?? aFile)());
    expect(await (await download(peer)).text()).toBe('the file');
  });

  test.each([
    ['an early 404', () => refuse(404, 'M_NOT_FOUND'), [404, 'M_NOT_FOUND']],
    ['a file that is not there yet', () => refuse(504, 'M_NOT_YET_UPLOADED'), [504, 'M_NOT_YET_UPLOADED']],
    ['a server that is down', () => refuse(502, 'M_UNKNOWN'), [502, 'EYRIE_CONNECTION_FAILED']],
    ['an answer that is none', () => new Response('hello'), [502, 'EYRIE_CONNECTION_FAILED']],
    [
      'an answer without a file',
      () => new Response('--b--', { headers: aFile().headers }),
      [502, 'EYRIE_CONNECTION_FAILED'],
    ],
  ])('%s is asked for again by the next request', async (_what, early, expected) => {
    const peer = aPeer();
    peer.reply(SIGNED, early);
    expect(await refusal(await download(peer, 'abc', '?timeout_ms=0'))).toEqual(expected);
    peer.reply(SIGNED, () => aFile());
    expect(await (await download(peer)).text()).toBe('the file');
  });
});

describe('with a limit of 1 KiB', () => {
  test('a larger file of another server is not fetched', async () => {
    const admin = await anAdministrator();
    await changeSettings(admin, { 'media.max_upload_bytes': 1024 });
    try {
      const peer = aPeer();
      peer.reply(SIGNED, () => aFile(someBytes(1025)));
      expect(await refusal(await download(peer))).toEqual([502, 'M_TOO_LARGE']);
    } finally {
      await changeSettings(admin, { 'media.max_upload_bytes': 50 * 1_048_576 });
    }
  });
});

test('with federation off no file of another server is fetched', async () => {
  const admin = await anAdministrator();
  const peer = aPeer();
  await changeSettings(admin, { 'federation.enabled': false });
  try {
    expect(await refusal(await download(peer))).toEqual([403, 'EYRIE_POLICY_DENIED']);
    expect(peer.received).toEqual([]);
  } finally {
    await changeSettings(admin, { 'federation.enabled': true });
  }
  expect((await ask('GET', '/_matrix/client/versions')).status).toBe(200);
});
