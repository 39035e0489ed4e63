// GET /_matrix/client/v1/media/preview_url, /_matrix/media/v3/preview_url (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { invalidParam, missingParam } from '../../matrix/error.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';

/** The deprecated one needs an access token as well, and is not frozen. */
const ROUTES = ['/_matrix/client/v1/media/preview_url', '/_matrix/media/v3/preview_url'];

export const getUrlPreview = ({ requireUser, limitPreviews, previews }: MediaRouteDeps) =>
  new Hono().on('GET', ROUTES, requireUser, limitPreviews, async (c) => {
    const { url, ts } = c.req.query();
    if (url === undefined) throw missingParam('url is missing');
    if (ts !== undefined && !/^\d{1,16}$/.test(ts)) throw invalidParam('ts is no time');
    return c.json(await previews.preview(url));
  });
