import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../src/config.ts';
import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { deny } from '../../../src/matrix/result.ts';
import type { MediaDeps } from '../../../src/media/ports.ts';
import { removeOverdue } from '../../../src/media/remove-overdue.ts';
import { uploadMedia } from '../../../src/media/upload.ts';
import { mediaRepository } from '../../../src/storage/d1/media-repository.ts';
import { mediaFiles } from '../../../src/storage/r2/media-files.ts';

const { DB, MEDIA } = env as unknown as Env;
const DAY_MS = 24 * 3_600_000;

test('bytes that came while the database was away are removed when their name has run out', async () => {
  let now = Date.now();
  const deps: MediaDeps = {
    serverName: 'us.test' as ServerName,
    records: { ...mediaRepository(DB), complete: () => Promise.reject(new Error('the database is away')) },
    files: mediaFiles(MEDIA),
    remote: { fetch: async () => deny({ kind: 'not-found' }) },
    limits: async () => ({ maxBytes: 1024, quotaBytes: 0 }),
    randomName: () => crypto.randomUUID(),
    now: () => now,
    after: async () => {},
  };
  const objects = async () => (await MEDIA.list({ prefix: 'us.test/' })).objects.length;
  const file = {
    userId: '@alice:us.test' as UserId,
    contentType: undefined,
    fileName: undefined,
    sizeBytes: undefined,
    body: new Response('the file').body,
  };
  const others: Promise<unknown>[] = [];
  await expect(uploadMedia(deps, file, (work) => others.push(work))).rejects.toThrow('the database is away');
  await Promise.all(others);
  expect(await objects()).toBe(1);
  now += 2 * DAY_MS;
  await removeOverdue(deps);
  expect(await objects()).toBe(0);
});
