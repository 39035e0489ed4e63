// GET /_matrix/client/v1/media/preview_url (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { invalidParam, missingParam } from '../../matrix/error.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';

export const getUrlPreview = ({ requireUser, limitPreviews, previews }: MediaRouteDeps) =>
  new Hono().get('/_matrix/client/v1/media/preview_url', requireUser, limitPreviews, async (c) => {
    const { url, ts } = c.req.query();
    if (url === undefined) throw missingParam('url is missing');
    if (ts !== undefined && !/^\d{1,16}$/.test(ts)) throw invalidParam('ts is no time');
    return c.json(await previews.preview(url));
  });
