// POST /_matrix/media/v1/create (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { mxcUri } from '../../matrix/ids/mxc.ts';
import { createMedia } from '../../media/upload.ts';
import { backgroundOf } from './media-request.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';

export const createContent = ({ requireUser, limitUploads, media }: MediaRouteDeps) =>
  new Hono().post('/_matrix/media/v1/create', requireUser, limitUploads, async (c) => {
    const created = await createMedia(media, c.var.requester.userId, backgroundOf(c));
    return c.json({ content_uri: mxcUri(created), unused_expires_at: created.unusedExpiresTs });
  });
