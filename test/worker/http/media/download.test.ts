import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';

import { aLoggedInUser, type TestUser } from '../../../support/worker/ask.ts';
import { getMedia, refusal, uploaded } from '../../../support/worker/files.ts';

const worker = exports as unknown as { default: Fetcher };

let user: TestUser;
let path: string;
beforeAll(async () => {
  user = await aLoggedInUser('reader');
  path = await uploaded(user, '0123456789', { contentType: 'text/plain', query: '?filename=digits.txt' });
});

describe('ranges', () => {
  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('%s', async (range, text, contentRange) => {
    const response = await getMedia(user, `download/${path}`, { range });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(text.length));
  });

  test.each(['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'nonsense'])('%s is passed over', async (range) => {
    const response = await getMedia(user, `download/${path}`, { range });
    expect([response.status, await response.text()]).toEqual([200, '0123456789']);
  });

  test.each(['bytes=10-', 'bytes=-0'])('%s cannot be satisfied', async (range) => {
    const response = await getMedia(user, `download/${path}`, { range });
    await response.body?.cancel();
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  test('are not of another content', async () => {
    const response = await getMedia(user, `download/${path}`, { range: 'bytes=0-3', 'if-range': '"other"' });
    expect([response.status, await response.text()]).toEqual([200, '0123456789']);
  });
});

test('who has it already is not sent it again', async () => {
  const first = await getMedia(user, `download/${path}`);
  await first.text();
  const etag = String(first.headers.get('etag'));
  const again = await getMedia(user, `download/${path}`, { 'if-none-match': `"x", ${etag}` });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test('HEAD tells size and type', async () => {
  const response = await getMedia(user, `download/${path}`, {}, 'HEAD');
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(response.headers.get('content-type')).toBe('text/plain');
});

test.each(['text/html', 'image/svg+xml', 'application/xhtml+xml', 'TEXT/HTML; charset=utf-8', 'nonsense'])(
  'never 9: %s cannot run in our origin',
  async (contentType) => {
    const html = await uploaded(user, '<script>alert(1)</script>', { contentType });
    const { headers, body } = await getMedia(user, `download/${html}/x.html`);
    await body?.cancel();
    expect(headers.get('content-disposition')).toBe('attachment; filename="x.html"');
    expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'; script-src 'none';/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  },
);

test.each([
  ['plain.txt', 'inline; filename="plain.txt"'],
  ['na%C3%AFve%20%22x%22.txt', `inline; filename="na_ve _x_.txt"; filename*=UTF-8''na%C3%AFve%20%22x%22.txt`],
  ['a%0D%0Ab', 'inline; filename="ab"'],
])('the name %s of the path is given', async (name, disposition) => {
  const response = await getMedia(user, `download/${path}/${name}`);
  await response.body?.cancel();
  expect(response.headers.get('content-disposition')).toBe(disposition);
});

test.each(['eyrie.test/none', 'eyrie.test/a.b', 'eyrie.test/a%2Fb', 'not%20a%20server/x', '127.0.0.1:99999/x'])(
  '%s is no file',
  async (name) => {
    expect(await refusal(await getMedia(user, `download/${name}`))).toEqual([404, 'M_NOT_FOUND']);
  },
);

test('a file needs a token', async () => {
  expect(await refusal(await getMedia({ token: '' }, `download/${path}`))).toEqual([401, 'M_MISSING_TOKEN']);
});

test.each(['download/PATH?allow_remote=false', 'download/PATH/x.txt?allow_redirect=true', 'thumbnail/PATH?width=1'])(
  'the deprecated %s serves no file of after the freeze',
  async (pattern) => {
    const target = `https://eyrie.test/_matrix/media/v3/${pattern.replace('PATH', path)}`;
    expect(await refusal(await worker.default.fetch(target))).toEqual([404, 'M_NOT_FOUND']);
  },
);
