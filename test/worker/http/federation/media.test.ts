import { afterEach, beforeAll, expect, test } from 'vitest';

import { MultipartParts, boundaryOf } from '../../../../src/federation/multipart-parts.ts';
import { aPeer, forgetPeers } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';
import { refusal, someBytes, upload, uploaded } from '../../../support/worker/files.ts';

const DOWNLOAD = '/_matrix/federation/v1/media/download';

let user: TestUser;
beforeAll(async () => {
  user = await aLoggedInUser('uploader');
});
afterEach(forgetPeers);

const idOf = (path: string) => path.split('/')[1] ?? '';

test('another server is given a file in the second of two parts', async () => {
  const bytes = someBytes(300_000);
  const id = idOf(await uploaded(user, bytes, { contentType: 'image/png', query: '?filename=cat.png' }));
  const response = await aPeer().request('GET', `${DOWNLOAD}/${id}`);
  expect(response.status).toBe(200);
  const contentType = String(response.headers.get('content-type'));
  expect(contentType).toMatch(/^multipart\/mixed; boundary=/);
  const body = await response.arrayBuffer();
  expect(response.headers.get('content-length')).toBe(String(body.byteLength));
  const parts = new MultipartParts(new Blob([body]).stream(), boundaryOf(contentType) ?? '');
  const read = async () => {
    const part = await parts.next();
    const pieces: Uint8Array[] = [];
    for await (const piece of part?.body ?? []) pieces.push(piece);
    return { headers: Object.fromEntries(part?.headers ?? []), bytes: Buffer.concat(pieces) };
  };
  const metadata = await read();
  expect([metadata.headers, metadata.bytes.toString()]).toEqual([{ 'content-type': 'application/json' }, '{}']);
  const file = await read();
  expect(file.headers).toEqual({
    'content-type': 'image/png',
    'content-disposition': 'inline; filename="cat.png"',
  });
  expect(file.bytes.equals(bytes)).toBe(true);
  expect(await parts.next()).toBeUndefined();
});

test('what is not there is not found, and what is not there yet is said to be so', async () => {
  const peer = aPeer();
  expect(await refusal(await peer.request('GET', `${DOWNLOAD}/none`))).toEqual([404, 'M_NOT_FOUND']);
  const { body } = await ask('POST', '/_matrix/media/v1/create', { token: user.token, body: {} });
  const path = String(body['content_uri']).slice('mxc://'.length);
  expect(await refusal(await peer.request('GET', `${DOWNLOAD}/${idOf(path)}?timeout_ms=0`))).toEqual([
    504,
    'M_NOT_YET_UPLOADED',
  ]);
  const waiting = peer.request('GET', `${DOWNLOAD}/${idOf(path)}`);
  await (await upload(user, 'hello', { method: 'PUT', path: `/_matrix/media/v3/upload/${path}` })).text();
  expect(await (await waiting).text()).toContain('hello');
});
