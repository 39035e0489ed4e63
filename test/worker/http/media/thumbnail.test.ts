import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import images from '../../../fixtures/images/images.json';
import type { Env } from '../../../../src/config.ts';
import { decodeImage } from '../../../../src/media/images/decode-image.ts';
import { encodePng } from '../../../../src/media/images/encode-png.ts';
import { imageHeader } from '../../../../src/media/images/image-header.ts';
import { aPeer, forgetPeers } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, type TestUser } from '../../../support/worker/ask.ts';
import { getMedia, refusal, uploaded } from '../../../support/worker/files.ts';

/** All are of 64 x 48 pixels: yellowish and greenish above, reddish and bluish below. */
const bytesOf = (name: keyof typeof images) => new Uint8Array(Buffer.from(images[name], 'base64'));

let user: TestUser;
beforeAll(async () => {
  user = await aLoggedInUser('viewer');
});
afterEach(forgetPeers);

const thumbnail = (path: string, query: string) => getMedia(user, `thumbnail/${path}?${query}`);

/** What came: format, size, and the colours in the middle of its quarters, rounded to what a lossy format keeps. */
async function seen(response: Response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect([response.status, bytes.byteLength > 0]).toEqual([200, true]);
  const header = imageHeader(bytes);
  if (header === undefined) throw new Error('no image');
  const { width, height, data } = await decodeImage(bytes, header);
  const at = (x: number, y: number) => {
    const offset = (Math.floor(height * y) * width + Math.floor(width * x)) * 4;
    return Array.from(data.slice(offset, offset + 4), (value) => Math.round(value / 64)).join();
  };
  const colours = [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)];
  return { format: header.format, size: `${width}x${height}`, colours };
}

const upright = ['4,4,2,4', '0,4,2,4', '4,0,2,4', '0,0,2,4'];
const halfClear = ['0,0,0,0', '0,4,2,4', '0,0,0,0', '0,0,2,4'];

describe('a thumbnail', () => {
  test.each([
    ['rgb.png', 'jpeg', upright],
    ['palette.png', 'jpeg', upright],
    ['rgba.png', 'png', halfClear],
    ['rgb.jpg', 'jpeg', upright],
    ['progressive.jpg', 'jpeg', upright],
    ['lossy.webp', 'jpeg', upright],
    ['lossless.webp', 'png', halfClear],
    ['still.gif', 'jpeg', upright],
    ['moving.gif', 'jpeg', upright],
    ['moving.png', 'jpeg', upright],
  ] as const)('of %s is a %s of what it shows', async (name, format, colours) => {
    const path = await uploaded(user, bytesOf(name), { contentType: 'image/png', query: '?filename=x.png' });
    const response = await thumbnail(path, 'width=32&height=32&method=scale');
    expect(response.headers.get('content-type')).toBe(`image/${format}`);
    expect(response.headers.get('content-disposition')).toMatch(/^inline; filename="thumbnail\.(png|jpg)"$/);
    expect(await seen(response)).toEqual({ format, size: '32x24', colours });
  });

  test.each(['grey.png', 'bits1.png', 'la.png', 'grey16.png', 'grey.jpg', 'paletteAlpha.png'] as const)(
    'of %s is made too',
    async (name) => {
      const path = await uploaded(user, bytesOf(name));
      expect((await seen(await thumbnail(path, 'width=30&height=30&method=scale'))).size).toBe('32x24');
    },
  );

  test('of an image that lies on its side stands', async () => {
    const path = await uploaded(user, bytesOf('turned.jpg'));
    const { size, colours } = await seen(await thumbnail(path, 'width=32&height=32&method=scale'));
    expect(size).toBe('24x32');
    expect(colours).toEqual(['4,0,2,4', '4,4,2,4', '0,0,2,4', '0,4,2,4']);
  });

  test('is cropped to the shape that is asked for', async () => {
    const path = await uploaded(user, bytesOf('rgb.png'));
    expect(await seen(await thumbnail(path, 'width=20&height=20&method=crop'))).toEqual({
      format: 'jpeg',
      size: '32x32',
      colours: upright,
    });
    const flat = encodePng({ width: 200, height: 50, data: new Uint8Array(40_000) });
    const square = await thumbnail(await uploaded(user, flat), 'width=96&height=96&method=crop');
    expect((await seen(square)).size).toBe('50x50');
  });

  test('is made once', async () => {
    const path = await uploaded(user, bytesOf('rgb.png'));
    const first = await thumbnail(path, 'width=32&height=32&method=crop');
    await first.arrayBuffer();
    const { MEDIA } = env as unknown as Env;
    const keys = async () =>
      (await MEDIA.list({ prefix: `${path}/` })).objects.map(({ key, uploaded: ts }) => [key, ts]);
    const before = await keys();
    const again = await Promise.all([1, 2, 3].map(() => thumbnail(path, 'width=31&height=17&method=crop')));
    for (const response of again) await response.arrayBuffer();
    expect(await keys()).toEqual(before);
    expect(before).toHaveLength(2);
    expect(again[0]?.headers.get('etag')).toBe(first.headers.get('etag'));
  });

  test('is the original where that is not larger', async () => {
    const path = await uploaded(user, bytesOf('rgb.png'));
    for (const query of ['width=64&height=64&method=scale', 'width=5000&height=5000&method=crop']) {
      const response = await thumbnail(path, query);
      expect(response.headers.get('content-type')).toBe('image/png');
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytesOf('rgb.png'));
    }
  });

  test('moves only for who wants that', async () => {
    const path = await uploaded(user, bytesOf('moving.gif'));
    const moving = await thumbnail(path, 'width=32&height=32&animated=true');
    expect(new Uint8Array(await moving.arrayBuffer())).toEqual(bytesOf('moving.gif'));
    for (const query of ['', '&animated=false']) {
      const still = await seen(await thumbnail(path, `width=640&height=480${query}`));
      expect([still.format, still.size]).toEqual(['jpeg', '64x48']);
    }
  });
});

describe('no thumbnail is made', () => {
  test.each([
    ['of text', 'hello', 'image/png'],
    ['of nothing', '', 'image/png'],
    ['of the beginning of a PNG', bytesOf('rgb.png').slice(0, 60), 'image/png'],
    ['of the beginning of a JPEG header', bytesOf('rgb.jpg').slice(0, 20), 'image/jpeg'],
    ['of the beginning of a WebP', bytesOf('lossy.webp').slice(0, 40), 'image/webp'],
    ['of the beginning of a GIF', bytesOf('still.gif').slice(0, 30), 'image/gif'],
  ])('%s', async (_what, bytes, contentType) => {
    const path = await uploaded(user, bytes, { contentType });
    expect(await refusal(await thumbnail(path, 'width=32&height=32'))).toEqual([400, 'M_UNKNOWN']);
  });

  test.each([
    ['width=32', 'M_MISSING_PARAM'],
    ['width=0&height=32', 'M_UNKNOWN'],
    ['width=-1&height=32', 'M_UNKNOWN'],
    ['width=1.5&height=32', 'M_UNKNOWN'],
    ['width=32&height=32&method=twist', 'M_UNKNOWN'],
  ])('for %s', async (query, errcode) => {
    const path = await uploaded(user, bytesOf('rgb.png'));
    expect(await refusal(await thumbnail(path, query))).toEqual([400, errcode]);
  });

  test('of what becomes more than its header says', async () => {
    const bomb = encodePng({ width: 4000, height: 3000, data: new Uint8Array(4000 * 3000 * 4) });
    Buffer.from(bomb.buffer).writeUInt32BE(100, 16);
    const path = await uploaded(user, bomb);
    expect(await refusal(await thumbnail(path, 'width=32&height=32'))).toEqual([400, 'M_UNKNOWN']);
  });

  test('of more than 12 megapixels, but a small file stands for itself', async () => {
    const large = bytesOf('rgb.png');
    Buffer.from(large.buffer).writeUInt32BE(400_000, 16);
    const small = await thumbnail(await uploaded(user, large), 'width=32&height=32');
    expect(new Uint8Array(await small.arrayBuffer())).toEqual(large);
    const padded = Buffer.concat([large, Buffer.alloc(1_100_000)]);
    const refused = await thumbnail(await uploaded(user, padded), 'width=32&height=32');
    expect(await refusal(refused)).toEqual([413, 'M_TOO_LARGE']);
  });

  test('of a file that is not there', async () => {
    expect(await refusal(await thumbnail('eyrie.test/none', 'width=32&height=32'))).toEqual([404, 'M_NOT_FOUND']);
  });
});

test('12 megapixels are decoded', async () => {
  const path = await uploaded(
    user,
    encodePng({ width: 4000, height: 3000, data: new Uint8Array(48_000_000).fill(255) }),
  );
  expect((await seen(await thumbnail(path, 'width=96&height=96&method=crop'))).size).toBe('96x96');
});

test('another server is given a thumbnail in the second of two parts', async () => {
  const path = await uploaded(user, bytesOf('rgb.png'));
  const target = `/_matrix/federation/v1/media/thumbnail/${path.split('/')[1]}?width=32&height=32&method=crop`;
  const response = await aPeer().request('GET', target);
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
  expect(response.status).toBe(200);
  expect(text).toMatch(
    /\r\n\r\n\{\}\r\n--[\w-]+\r\nContent-Type: image\/jpeg\r\nContent-Disposition: inline; filename="thumb/,
  );
});

test('a thumbnail of another server’s file is made here', async () => {
  const peer = aPeer();
  peer.reply(
    '/_matrix/federation/v1/media/download/',
    () =>
      new Response(
        Buffer.concat([
          Buffer.from('--b\r\n\r\n{}\r\n--b\r\nContent-Type: image/png\r\n\r\n'),
          bytesOf('rgb.png'),
          Buffer.from('\r\n--b--'),
        ]),
        { headers: { 'content-type': 'multipart/mixed; boundary=b' } },
      ),
  );
  const path = `${encodeURIComponent(peer.server.name)}/abc`;
  expect((await seen(await thumbnail(path, 'width=32&height=32&method=scale'))).size).toBe('32x24');
});
