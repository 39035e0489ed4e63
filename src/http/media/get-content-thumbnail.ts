// GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId} (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { contentAnswer } from './content-answer.ts';
import { mediaNameOf } from './media-request.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';
import { wantedThumbnail } from './thumbnail-request.ts';

export const getContentThumbnail = ({ requireUser, media, thumbnails }: MediaRouteDeps) =>
  new Hono().get('/_matrix/client/v1/media/thumbnail/:serverName/:mediaId', requireUser, async (c) => {
    const name = mediaNameOf(c.req.param('serverName'), c.req.param('mediaId'));
    return contentAnswer(c, media.files, await thumbnails(wantedThumbnail(c, name)));
  });
