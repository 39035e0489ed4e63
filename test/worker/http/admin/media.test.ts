import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import type { MediaId } from '../../../../src/matrix/ids/brands.ts';
import { mediaRepository } from '../../../../src/storage/d1/media-repository.ts';
import { aPeer, forgetPeers, type Peer } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { getMedia, refusal, uploaded } from '../../../support/worker/files.ts';

const PATH = '/_eyrie/admin/v1/media';
const { DB, MEDIA } = env as unknown as Env;

let admin: TestUser;
let user: TestUser;
beforeAll(async () => {
  [admin, user] = [await anAdministrator(), await aLoggedInUser('uploader')];
});
afterEach(forgetPeers);

const asAdmin = (method: string, path: string, body?: unknown) =>
  ask(method, `${PATH}${path}`, { token: admin.token, ...(body === undefined ? {} : { body }) });
const list = async (query: string) => (await asAdmin('GET', query)).body['media'] as Record<string, unknown>[];
const status = async (path: string, query = '') => {
  const response = await getMedia(user, `download/${path}${query}`);
  await response.body?.cancel();
  return response.status;
};
const objects = async (path: string) => (await MEDIA.list({ prefix: `${path}/` })).objects.length;

/** A file of another server that was fetched. */
async function fetched(peer: Peer): Promise<string> {
  peer.reply(
    '/_matrix/federation/v1/media/download/',
    () =>
      new Response('--b\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain\r\n\r\nfar\r\n--b--', {
        headers: { 'content-type': 'multipart/mixed; boundary=b' },
      }),
  );
  const path = `${peer.server.name}/${crypto.randomUUID()}`;
  expect(await status(path)).toBe(200);
  return path;
}

test('only administrators see and change files', async () => {
  const path = await uploaded(user, 'mine');
  for (const [method, rest] of [
    ['GET', ''],
    ['DELETE', `/${path}`],
    ['PUT', `/${path}/quarantine`],
    ['DELETE', `/${path}/quarantine`],
    ['POST', '/purge'],
  ] as const) {
    expect((await ask(method, PATH + rest, { token: user.token })).status).toBe(403);
    expect((await ask(method, PATH + rest)).status).toBe(401);
  }
  expect(await status(path)).toBe(200);
});

test('files are listed from new to old, in pages, by their uploader', async () => {
  const owner = await aLoggedInUser('owner');
  const paths: string[] = [];
  for (const text of ['a', 'bb', 'ccc']) paths.push(await uploaded(owner, text, { query: `?filename=${text}.txt` }));
  const first = await asAdmin('GET', `?user_id=${encodeURIComponent(owner.userId)}&limit=2`);
  const next = await asAdmin(
    'GET',
    `?user_id=${encodeURIComponent(owner.userId)}&limit=2&from=${encodeURIComponent(String(first.body['next_from']))}`,
  );
  const seen = [first, next].flatMap(({ body }) => body['media'] as Record<string, unknown>[]);
  expect(new Set(seen.map(({ mxc_uri: uri }) => uri))).toEqual(new Set(paths.map((path) => `mxc://${path}`)));
  expect(seen).toHaveLength(3);
  expect(seen.find(({ file_name: name }) => name === 'bb.txt')).toMatchObject({
    user_id: owner.userId,
    size_bytes: 2,
    content_type: 'text/plain;charset=UTF-8',
    quarantined_by: null,
  });
  expect(next.body).not.toHaveProperty('next_from');
  expect((await asAdmin('GET', '?from=nonsense')).body['errcode']).toBe('M_INVALID_PARAM');
});

test('a quarantined file is served to nobody until it is released', async () => {
  const path = await uploaded(user, 'bad');
  expect((await asAdmin('PUT', `/${path}/quarantine`)).status).toBe(200);
  expect(await refusal(await getMedia(user, `download/${path}`))).toEqual([404, 'M_NOT_FOUND']);
  expect(await refusal(await getMedia(user, `thumbnail/${path}?width=1&height=1`))).toEqual([404, 'M_NOT_FOUND']);
  const target = `/_matrix/federation/v1/media/download/${path.split('/')[1]}`;
  expect(await refusal(await aPeer().request('GET', target))).toEqual([404, 'M_NOT_FOUND']);
  expect((await list(`?user_id=${encodeURIComponent(user.userId)}`))[0]).toMatchObject({
    quarantined_by: admin.userId,
  });
  expect((await asAdmin('DELETE', `/${path}/quarantine`)).status).toBe(200);
  expect(await status(path)).toBe(200);
});

test('a quarantined file of another server is not fetched, whether it was before or not', async () => {
  const peer = aPeer();
  const here = await fetched(peer);
  const unseen = `${peer.server.name}/unseen`;
  for (const path of [here, unseen]) {
    expect((await asAdmin('PUT', `/${path}/quarantine`)).status).toBe(200);
    expect(await status(path)).toBe(404);
    expect((await asAdmin('DELETE', `/${path}/quarantine`)).status).toBe(200);
    expect(await status(path)).toBe(200);
  }
});

test('a file of another server stays quarantined when it is deleted, and when fetching it fails', async () => {
  const peer = aPeer();
  const [deleted, failing] = [await fetched(peer), `${peer.server.name}/failing`];
  const [records, now] = [mediaRepository(DB), Date.now()];
  const name = { server: peer.server.name, mediaId: 'failing' as MediaId };
  expect(await records.lease({ ...name, now, untilTs: now + 60_000 })).toBe(true);
  for (const path of [deleted, failing]) expect((await asAdmin('PUT', `/${path}/quarantine`)).status).toBe(200);
  await records.release(name);
  expect((await asAdmin('DELETE', `/${deleted}`)).status).toBe(200);
  for (const path of [deleted, failing]) expect(await status(path)).toBe(404);
  for (const path of [deleted, failing]) {
    expect((await asAdmin('DELETE', `/${path}/quarantine`)).status).toBe(200);
    expect(await status(path)).toBe(200);
  }
});

test('a deleted file is gone with its thumbnails, and the log says who did it', async () => {
  const path = await uploaded(user, 'gone');
  await MEDIA.put(`${path}/thumbnail-crop-32x32`, 'x');
  expect((await asAdmin('DELETE', `/${path}`)).status).toBe(200);
  expect(await status(path)).toBe(404);
  expect(await objects(path)).toBe(0);
  expect(await asAdmin('DELETE', `/${path}`)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  expect((await asAdmin('PUT', `/${path}/quarantine`)).status).toBe(404);
  const { results } = await DB.prepare("select user_id, detail from audit_log where action = 'media_deleted'").all();
  expect(results).toContainEqual({ user_id: admin.userId, detail: JSON.stringify({ media: `mxc://${path}` }) });
});

test('a deleted file of another server is fetched again', async () => {
  const path = await fetched(aPeer());
  expect((await asAdmin('DELETE', `/${path}`)).status).toBe(200);
  expect(await objects(path)).toBe(0);
  expect(await status(path)).toBe(200);
});

test('files are purged by server, by user and by when they were last asked for', async () => {
  const peer = aPeer();
  const [far, kept] = [await fetched(peer), await uploaded(user, 'kept')];
  const server = peer.server.name;
  expect((await asAdmin('POST', '/purge', {})).body['errcode']).toBe('M_INVALID_PARAM');
  const early = await asAdmin('POST', '/purge', { server, accessed_before_ts: 1 });
  expect(early.body).toEqual({ deleted: 0, has_more: false });
  expect((await asAdmin('POST', '/purge', { server, remote: true })).body).toEqual({ deleted: 1, has_more: false });
  expect([await objects(far), await objects(kept)]).toEqual([0, 1]);
  const owner = await aLoggedInUser('purged');
  const path = await uploaded(owner, 'x');
  expect((await asAdmin('POST', '/purge', { user_id: owner.userId })).body).toEqual({ deleted: 1, has_more: false });
  expect([await status(path), await status(kept)]).toEqual([404, 200]);
});
