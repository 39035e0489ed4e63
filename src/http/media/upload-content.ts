// POST /_matrix/media/v3/upload (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { mxcUri } from '../../matrix/ids/mxc.ts';
import { uploadMedia } from '../../media/upload.ts';
import { backgroundOf } from './media-request.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';
import { uploadOf } from './upload-request.ts';

export const uploadContent = ({ requireUser, limitUploads, media }: MediaRouteDeps) =>
  new Hono().post('/_matrix/media/v3/upload', requireUser, limitUploads, async (c) =>
    c.json({ content_uri: mxcUri(await uploadMedia(media, uploadOf(c), backgroundOf(c))) }),
  );
