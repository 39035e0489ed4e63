import { describe, expect, test } from 'vitest';

import images from '../fixtures/images/images.json' with { type: 'json' };
import { randomBytes } from 'node:crypto';

import { imageSize } from '../support/node/image-size.ts';
import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';

const pair = usePair();
const UPLOAD = '/_matrix/media/v3/upload';
const picture = Buffer.from(images['rgb.png'], 'base64');

async function upload(client: FollowingClient, bytes: Uint8Array, contentType: string, filename: string) {
  const options = { query: { filename }, headers: { 'content-type': contentType } };
  const { content_uri: uri } = await client.request<{ content_uri: string }>('POST', UPLOAD, bytes, options);
  return uri;
}

async function get(client: FollowingClient, what: 'download' | 'thumbnail', uri: string, query = '') {
  const url = `${client.baseUrl}/_matrix/client/v1/media/${what}/${uri.slice('mxc://'.length)}${query}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${client.accessToken}` } });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe.each(directions())('$title', ({ host, joiner }) => {
  test.each([1, 3_000_000])('a file of %i bytes is seen by users of the other server', async (size) => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    const bytes = Buffer.concat([randomBytes(size), Buffer.from(size > 1 ? '\r\n\r\n--x--\r\n' : '')]);
    const uri = await upload(alice, bytes, 'text/x-special', 'Müller & Söhne.txt');
    const { status, headers, bytes: came } = await get(bob, 'download', uri);
    expect([status, came.equals(bytes)]).toEqual([200, true]);
    expect(headers.get('content-type')).toBe('text/x-special');
    expect(decodeURIComponent(headers.get('content-disposition') ?? '')).toContain('Müller & Söhne.txt');
  });

  test('an avatar is found in the profile and seen as a thumbnail', async () => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    const uri = await upload(alice, picture, 'image/png', 'me.png');
    const profile = `/profile/${encodeURIComponent(alice.userId)}`;
    await alice.request('PUT', `${profile}/avatar_url`, { avatar_url: uri });
    const { avatar_url: seen } = await bob.request<{ avatar_url: string }>('GET', `${profile}/avatar_url`);
    expect(seen).toBe(uri);
    const thumbnail = await get(bob, 'thumbnail', seen, '?width=32&height=32&method=crop');
    expect([thumbnail.status, imageSize(thumbnail.bytes)]).toEqual([200, '32x32']);
  });

  test('a file that comes after its name is found later', async () => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    const { content_uri: uri } = await alice.request<{ content_uri: string }>('POST', '/_matrix/media/v1/create', {});
    const early = await get(bob, 'download', uri, '?timeout_ms=0');
    // Synapse says 502 for whatever it did not get.
    expect([502, 504]).toContain(early.status);
    await alice.request('PUT', `${UPLOAD}/${uri.slice('mxc://'.length)}`, Buffer.from('late'));
    // After a 504 Synapse asks nothing of that server for a moment.
    await until('the file', async () => (await get(bob, 'download', uri)).bytes.toString() === 'late');
  });

  test('what is not there is not found', async () => {
    const bob = await pair.user(joiner, 'bob');
    const { status } = await get(bob, 'download', `mxc://${pair.server(host).serverName}/none`);
    expect([404, 502]).toContain(status);
  });
});
