// PUT /_matrix/media/v3/upload/{serverName}/{mediaId} (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { uploadToMedia } from '../../media/upload.ts';
import { mediaNameOf } from './media-request.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';
import { uploadOf } from './upload-request.ts';

export const uploadContentToMxc = ({ requireUser, limitUploads, media }: MediaRouteDeps) =>
  new Hono().put('/_matrix/media/v3/upload/:serverName/:mediaId', requireUser, limitUploads, async (c) => {
    const name = mediaNameOf(c.req.param('serverName'), c.req.param('mediaId'));
    await uploadToMedia(media, name, uploadOf(c));
    return c.json({});
  });
