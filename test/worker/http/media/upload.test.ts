import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { changeSettings, getMedia, refusal, someBytes, upload, uploaded } from '../../../support/worker/files.ts';

const { MEDIA } = env as unknown as Env;
const MIB = 1_048_576;

let alice: TestUser;
let bob: TestUser;
let admin: TestUser;
beforeAll(async () => {
  [alice, bob, admin] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await anAdministrator()];
});

const streamOf = (bytes: Uint8Array, pieceBytes = 65_536) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) controller.enqueue(bytes.slice(at, at + pieceBytes));
      controller.close();
    },
  });

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const storedObjects = async () => (await MEDIA.list()).objects.length;

describe('an upload', () => {
  test('comes back as it was, with its type and name', async () => {
    const bytes = someBytes(100_000);
    const path = await uploaded(alice, bytes, { contentType: 'image/png', query: '?filename=a%20cat.png' });
    const response = await getMedia(bob, `download/${path}`);
    expect(response.status).toBe(200);
    expect(await bytesOf(response)).toEqual(bytes);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('content-disposition')).toBe('inline; filename="a cat.png"');
    expect(response.headers.get('content-length')).toBe('100000');
  });

  test('of nothing, without type or name, is a file too', async () => {
    const path = await uploaded(alice, new Uint8Array());
    const response = await getMedia(bob, `download/${path}`);
    expect((await bytesOf(response)).byteLength).toBe(0);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-disposition')).toBe('attachment');
  });

  test.each([1_000, 5 * MIB, 5 * MIB + 1, 12 * MIB])('of %i bytes without Content-Length is whole', async (size) => {
    const bytes = someBytes(size);
    const path = await uploaded(alice, streamOf(bytes));
    const came = await bytesOf(await getMedia(bob, `download/${path}`));
    expect(came.byteLength).toBe(size);
    expect(Buffer.compare(came, bytes)).toBe(0);
  });

  test('needs a token', async () => {
    expect(await refusal(await upload({ token: '' }, 'x'))).toEqual([401, 'M_MISSING_TOKEN']);
  });
});

describe('a limit of 1 MiB', () => {
  beforeAll(() => changeSettings(admin, { 'media.max_upload_bytes': MIB }));
  afterAll(() => changeSettings(admin, { 'media.max_upload_bytes': 50 * MIB }));

  test('is told to clients', async () => {
    for (const path of ['/_matrix/client/v1/media/config', '/_matrix/media/v3/config']) {
      const { body } = await ask('GET', path, { token: alice.token });
      expect(body).toEqual({ 'm.upload.size': MIB });
    }
  });

  test('refuses what is declared as more, in a sentence', async () => {
    const response = await upload(alice, someBytes(MIB + 1));
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({
      errcode: 'M_TOO_LARGE',
      error: 'Files may have at most 1 MiB on this server (1048576 bytes)',
    });
  });

  test('cuts off what is not declared, and keeps nothing of it', async () => {
    const before = await storedObjects();
    expect(await refusal(await upload(alice, streamOf(someBytes(MIB + 1))))).toEqual([413, 'M_TOO_LARGE']);
    expect(await storedObjects()).toBe(before);
  });

  test('lets in what just fits', async () => {
    await uploaded(alice, someBytes(MIB));
    await uploaded(alice, streamOf(someBytes(MIB)));
  });
});

describe('a quota', () => {
  beforeAll(() => changeSettings(admin, { 'media.user_quota_bytes': 10_000 }));
  afterAll(() => changeSettings(admin, { 'media.user_quota_bytes': 0 }));

  test('counts all that a user has uploaded', async () => {
    const user = await aLoggedInUser('much');
    await uploaded(user, someBytes(6_000));
    const refused = await upload(user, someBytes(6_000));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ errcode: 'M_USER_LIMIT_EXCEEDED', info_uri: expect.any(String) });
    await uploaded(user, someBytes(4_000));
    expect(await refusal(await upload(user, streamOf(someBytes(1))))).toEqual([403, 'M_USER_LIMIT_EXCEEDED']);
  });

  test('is not passed by uploads at the same time', async () => {
    const user = await aLoggedInUser('fast');
    const answers = await Promise.all([1, 2, 3, 4].map(() => upload(user, someBytes(4_000))));
    for (const answer of answers) await answer.body?.cancel();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  });
});

describe('a media ID that was made before its content', () => {
  const create = async (user: TestUser) => {
    const { status, body } = await ask('POST', '/_matrix/media/v1/create', { token: user.token, body: {} });
    expect(status).toBe(200);
    expect(body['unused_expires_at']).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    return String(body['content_uri']).slice('mxc://'.length);
  };
  const put = (user: TestUser, path: string, body: BodyInit) =>
    upload(user, body, { method: 'PUT', path: `/_matrix/media/v3/upload/${path}` });

  test('is not yet uploaded, then there', async () => {
    const path = await create(alice);
    expect(await refusal(await getMedia(bob, `download/${path}?timeout_ms=0`))).toEqual([504, 'M_NOT_YET_UPLOADED']);
    const waiting = getMedia(bob, `download/${path}`);
    const response = await put(alice, path, 'hello');
    expect(await response.json()).toEqual({});
    expect(await (await waiting).text()).toBe('hello');
  });

  test('takes one content, of who made it', async () => {
    const path = await create(alice);
    expect(await refusal(await put(bob, path, 'mine'))).toEqual([403, 'M_FORBIDDEN']);
    await (await put(alice, path, 'first')).text();
    expect(await refusal(await put(alice, path, 'second'))).toEqual([409, 'M_CANNOT_OVERWRITE_MEDIA']);
    expect(await (await getMedia(bob, `download/${path}`)).text()).toBe('first');
  });

  test('takes one of two contents that come at once, whole', async () => {
    const path = await create(alice);
    const answers = await Promise.all(['one', 'two'].map((text) => put(alice, path, text.repeat(50_000))));
    for (const answer of answers) await answer.text();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    const winner = answers[0]?.status === 200 ? 'one' : 'two';
    expect(await (await getMedia(bob, `download/${path}`)).text()).toBe(winner.repeat(50_000));
  });

  test('that nobody made is unknown', async () => {
    for (const path of ['eyrie.test/abc', 'else.test/abc', 'eyrie.test/a%2Fb']) {
      expect(await refusal(await put(alice, path, 'x'))).toEqual([404, 'M_NOT_FOUND']);
    }
  });

  test('is refused to who has a hundred unused ones', async () => {
    const user = await aLoggedInUser('maker');
    for (let made = 0; made < 100; made += 1) await create(user);
    const { status, body } = await ask('POST', '/_matrix/media/v1/create', { token: user.token, body: {} });
    expect([status, body['errcode']]).toEqual([429, 'M_LIMIT_EXCEEDED']);
  });
});
