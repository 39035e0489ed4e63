import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';

const pair = usePair();

describe.each(directions())('$title', ({ host, joiner }) => {
  test('a file that was uploaded on one server is downloaded through the other', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    // Every byte value, with the line ends that separate the parts of the answer between the servers.
    const bytes = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
      Buffer.from('\r\n\r\n--'),
    ]);
    const { content_uri: uri } = await alice.request<{ content_uri: string }>(
      'POST',
      '/_matrix/media/v3/upload',
      new Uint8Array(bytes),
      { query: { filename: 'Bytes.bin' }, headers: { 'content-type': 'application/octet-stream' } },
    );
    const path = `/_matrix/client/v1/media/download/${uri.replace('mxc://', '')}`;
    const response = await fetch(new URL(path, bob.baseUrl), {
      headers: { authorization: `Bearer ${bob.accessToken}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-disposition')).toContain('Bytes.bin');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  test('a file that is not there is not found', async () => {
    const bob = await pair.user(joiner, 'bob');
    const path = `/_matrix/client/v1/media/download/${pair.server(host).serverName}/doesNotExist`;
    expect(await refusal(bob.request('GET', path))).toEqual({ status: 404, errcode: 'M_NOT_FOUND' });
  });
});
