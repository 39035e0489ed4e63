// GET /_matrix/client/v1/media/config (Client-Server API, "Content repository")
import { Hono } from 'hono';

import type { MediaRouteDeps } from './media-route-deps.ts';

/** At the deprecated path too: it always wanted a token. */
const paths = ['/_matrix/client/v1/media/config', '/_matrix/media/v3/config'] as const;

export const getConfig = ({ requireUser, media }: MediaRouteDeps) => {
  const app = new Hono();
  for (const path of paths) {
    app.get(path, requireUser, async (c) => c.json({ 'm.upload.size': (await media.limits()).maxBytes }));
  }
  return app;
};
