import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { getMedia } from '../../../support/worker/files.ts';

/** Other sites, by URL; what is not here refuses connections. */
const sites = new Map<string, () => Response>();
let asked: string[] = [];

beforeEach(() => {
  sites.clear();
  asked = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const url = input as string;
    asked.push(url);
    const site = sites.get(url);
    if (site === undefined) throw new Error('connection refused');
    return site();
  });
});
afterEach(() => vi.restoreAllMocks());

let made = 0;
/** A URL that nobody has asked for yet. */
function aUrl(path = 'page'): string {
  made += 1;
  return `https://site${made}-${crypto.randomUUID().slice(0, 8)}.example.org/${path}`;
}

const aPage =
  (html: string | Uint8Array<ArrayBuffer>, type = 'text/html; charset=utf-8') =>
  () =>
    new Response(html, { headers: { 'content-type': type } });

async function preview({ token }: TestUser, url: string) {
  return ask('GET', `/_matrix/client/v1/media/preview_url?url=${encodeURIComponent(url)}`, { token });
}

/** A GIF of 3 by 2 pixels, of which only the header is looked at. */
const gif = Uint8Array.from([...Buffer.from('GIF89a'), 3, 0, 2, 0, 0, 0, 0, 0x3b]);
const aPicture = () => new Response(gif, { headers: { 'content-type': 'image/gif' } });

test('what a page says of itself is shown, with its picture as a file of this server', async () => {
  const alice = await aLoggedInUser('alice');
  const url = aUrl();
  sites.set(
    url,
    aPage(`<html><head><title>not this</title><meta property="og:title" content="Caf&eacute; &amp; more">
      <meta property="og:description" content="two
      lines"><meta property="og:image" content="/picture.gif"><meta property="og:image:width" content="9999"></head>`),
  );
  sites.set(new URL('/picture.gif', url).href, aPicture);
  const { status, body } = await preview(alice, url);
  expect([status, body]).toEqual([
    200,
    {
      'og:title': 'Café & more',
      'og:description': 'two lines',
      'og:image': expect.stringMatching(/^mxc:\/\/eyrie\.test\/[\w-]+$/) as string,
      'og:image:type': 'image/gif',
      'og:image:width': 3,
      'og:image:height': 2,
      'matrix:image:size': gif.byteLength,
    },
  ]);
  const file = await getMedia(alice, `download/${String(body['og:image']).slice('mxc://'.length)}`);
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(gif);
});

test('a page without such fields is shown by its title and description', async () => {
  const alice = await aLoggedInUser('alice');
  const url = aUrl();
  sites.set(url, aPage('<title> A &lt;title&gt; </title><meta name="description" content="what it is">'));
  expect((await preview(alice, url)).body).toEqual({ 'og:title': 'A <title>', 'og:description': 'what it is' });
});

test('a page in another encoding is read in it', async () => {
  const alice = await aLoggedInUser('alice');
  const [byHeader, byMeta] = [aUrl(), aUrl()];
  const latin = (html: string) => Uint8Array.from(Buffer.from(html, 'latin1'));
  sites.set(byHeader, aPage(latin('<title>déjà</title>'), 'text/html; charset=ISO-8859-1'));
  sites.set(byMeta, aPage(latin('<meta charset="iso-8859-1"><title>déjà</title>'), 'text/html'));
  expect((await preview(alice, byHeader)).body).toEqual({ 'og:title': 'déjà' });
  expect((await preview(alice, byMeta)).body).toEqual({ 'og:title': 'déjà' });
});

test('a link to a picture is shown as one, and one to anything else as nothing', async () => {
  const alice = await aLoggedInUser('alice');
  const [picture, archive] = [aUrl('a.gif'), aUrl('a.zip')];
  sites.set(picture, aPicture);
  sites.set(archive, () => new Response('PK', { headers: { 'content-type': 'application/zip' } }));
  expect((await preview(alice, picture)).body).toMatchObject({ 'og:image:width': 3, 'matrix:image:size': 14 });
  expect(await preview(alice, archive)).toMatchObject({ status: 200, body: {} });
});

test('a site is asked once for everybody, also by those who ask at the same time', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const url = aUrl();
  sites.set(url, aPage('<title>once</title>'));
  const answers = await Promise.all([alice, bob, alice].map((user) => preview(user, `${url}#part`)));
  answers.push(await preview(bob, url));
  for (const { body } of answers) expect(body).toEqual({ 'og:title': 'once' });
  expect(asked).toEqual([url]);
});

test.each([
  ['http://127.0.0.1/'],
  ['http://localhost:8008/'],
  ['http://[::1]/'],
  ['http://10.0.0.1/'],
  ['http://169.254.169.254/latest/meta-data'],
  ['http://2130706433/'],
  ['https://user:secret@example.org/'],
])('nothing is asked of %s', async (url) => {
  const alice = await aLoggedInUser('alice');
  expect(await preview(alice, url)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  expect(asked).toEqual([]);
});

test('a redirect into a private network is not followed, neither that of a page nor that of its picture', async () => {
  const alice = await aLoggedInUser('alice');
  const [url, page] = [aUrl(), aUrl()];
  const away = () => new Response(null, { status: 302, headers: { location: 'http://192.168.0.1/admin' } });
  sites.set(url, away);
  sites.set(page, aPage('<title>page</title><meta property="og:image" content="/p.gif">'));
  sites.set(new URL('/p.gif', page).href, away);
  expect(await preview(alice, url)).toMatchObject({ status: 404 });
  expect((await preview(alice, page)).body).toEqual({ 'og:title': 'page' });
  expect(asked.filter((sought) => sought.includes('192.168'))).toEqual([]);
});

test.each([['ftp://example.org/'], ['javascript:alert(1)'], ['no url'], [`https://example.org/${'a'.repeat(2_048)}`]])(
  '%s is no link that can be shown',
  async (url) => {
    const alice = await aLoggedInUser('alice');
    expect(await preview(alice, url)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
  },
);

test('a page whose fields have the names of what every object has is shown', async () => {
  const alice = await aLoggedInUser('alice');
  const url = aUrl();
  sites.set(
    url,
    aPage('<title>odd</title><meta name="constructor" content="x"><meta property="__proto__" content="y">'),
  );
  expect(await preview(alice, url)).toMatchObject({ status: 200, body: { 'og:title': 'odd' } });
});

test('what cannot be had is not asked again at once', async () => {
  const alice = await aLoggedInUser('alice');
  const url = aUrl();
  for (const _time of [1, 2]) expect(await preview(alice, url)).toMatchObject({ status: 404 });
  expect(asked).toEqual([url]);
});

test('of very many links the newest are kept', async () => {
  const { DB } = env as unknown as { DB: D1Database };
  const alice = await aLoggedInUser('alice');
  const [old, next] = [aUrl(), aUrl()];
  for (const url of [old, next]) sites.set(url, aPage('<title>kept</title>'));
  await preview(alice, old);
  await DB.prepare(
    `insert into url_previews (rowid, key, fetched_ts) select max(rowid) + 20000, 'far ahead', ? from url_previews`,
  )
    .bind(Date.now())
    .run();
  await preview(alice, next);
  await preview(alice, old);
  expect(asked).toEqual([old, next, old]);
});

test('of an endless page the beginning counts', async () => {
  const alice = await aLoggedInUser('alice');
  const url = aUrl();
  let sent = 0;
  sites.set(url, () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.from(sent === 0 ? '<title>endless</title>' : ' '.repeat(65_536)));
        sent += 1;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/html' } });
  });
  expect((await preview(alice, url)).body).toEqual({ 'og:title': 'endless' });
  expect(sent).toBeLessThan(40);
});

test('who is not logged in is shown no preview, and nobody is while an administrator has them off', async () => {
  const url = aUrl();
  sites.set(url, aPage('<title>off</title>'));
  const path = `/_matrix/client/v1/media/preview_url?url=${encodeURIComponent(url)}`;
  expect(await ask('GET', path)).toMatchObject({ status: 401 });
  const { token } = await anAdministrator();
  const set = (on: boolean) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'media.url_previews': on } } });
  await set(false);
  expect(await ask('GET', path, { token })).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  await set(true);
  expect(await ask('GET', path, { token })).toMatchObject({ status: 200, body: { 'og:title': 'off' } });
});

test('the deprecated path shows the same, to users alone', async () => {
  const alice = await aLoggedInUser('alice');
  const url = aUrl();
  sites.set(url, aPage('<html><head><title>Old ways</title></head></html>'));
  const path = `/_matrix/media/v3/preview_url?url=${encodeURIComponent(url)}`;
  expect(await ask('GET', path, { token: alice.token })).toMatchObject({
    status: 200,
    body: { 'og:title': 'Old ways' },
  });
  expect(await ask('GET', path)).toMatchObject({ status: 401, body: { errcode: 'M_MISSING_TOKEN' } });
});
