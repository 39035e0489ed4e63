import { createHash, randomBytes } from 'node:crypto';

import type { Config, Env } from '../config.ts';
import { after, type Federation } from '../durable/federation.ts';
import { fetchMedia } from '../federation/operations/fetch-media.ts';
import { allow } from '../matrix/result.ts';
import type { AdministerDeps } from '../media/administer.ts';
import { fileNameIn } from '../media/content-disposition.ts';
import type { MediaDeps } from '../media/ports.ts';
import { createPreviews, type Previews } from '../media/previews/preview-url.ts';
import { createThumbnails, type Thumbnails } from '../media/thumbnail.ts';
import type { Settings } from '../settings/settings.ts';
import { mediaAdministration } from '../storage/d1/media-administration.ts';
import { mediaRepository } from '../storage/d1/media-repository.ts';
import { previewRepository } from '../storage/d1/preview-repository.ts';
import { mediaFiles } from '../storage/r2/media-files.ts';

interface FilesWiring {
  readonly media: MediaDeps;
  readonly thumbnails: Thumbnails;
  readonly previews: Previews;
  readonly administer: AdministerDeps;
}

/** Meets the ports of `src/media`. */
export function mediaOf(
  env: Env,
  config: Config,
  { settings, federation }: { readonly settings: Settings; readonly federation: Federation },
): FilesWiring {
  const media: MediaDeps = {
    serverName: config.serverName,
    records: mediaRepository(env.DB),
    files: mediaFiles(env.MEDIA),
    remote: {
      fetch: async (name, timeoutMs, store) => {
        const fetched = await fetchMedia(federation, { ...name, timeoutMs, store });
        if (!fetched.ok) return fetched;
        const { contentType, disposition, sizeBytes } = fetched.value;
        return allow({ contentType, fileName: fileNameIn(disposition), sizeBytes });
      },
    },
    limits: async () => {
      const { values } = await settings.snapshot();
      return { maxBytes: values['media.max_upload_bytes'], quotaBytes: values['media.user_quota_bytes'] };
    },
    randomName: () => randomBytes(18).toString('base64url'),
    now: Date.now,
    after,
  };
  return {
    media,
    thumbnails: createThumbnails(media),
    previews: createPreviews({
      media,
      getPublic: federation.fetchPage,
      previews: previewRepository(env.DB),
      keyOf: (url) => createHash('sha256').update(url).digest('base64url'),
      isOn: async () => (await settings.snapshot()).values['media.url_previews'],
    }),
    administer: { ...media, administration: mediaAdministration(env.DB) },
  };
}
