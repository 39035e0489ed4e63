// GET /_matrix/federation/v1/media/thumbnail/{mediaId} (Server-Server API, "Content Repository")
import { Hono } from 'hono';

import { mediaNameOf, peerWaitMsOf } from '../media/media-request.ts';
import { wantedThumbnail } from '../media/thumbnail-request.ts';
import { mediaAnswer } from './media-answer.ts';
import type { FederationMediaDeps } from './media-router.ts';

export const getContentThumbnail = ({ requireServer, media, thumbnails }: FederationMediaDeps) =>
  new Hono().get('/_matrix/federation/v1/media/thumbnail/:mediaId', requireServer, async (c) => {
    const name = mediaNameOf(media.serverName, c.req.param('mediaId'));
    return mediaAnswer(c, media, await thumbnails({ ...wantedThumbnail(c, name), waitMs: peerWaitMsOf(c) }));
  });
