// GET /_matrix/media/v3/download|thumbnail/{serverName}/{mediaId}[/{fileName}] (Client-Server API, "Content repository")
import { Hono } from 'hono';

import { notFound } from '../../matrix/error.ts';

const paths = [
  '/_matrix/media/v3/download/:serverName/:mediaId',
  '/_matrix/media/v3/download/:serverName/:mediaId/:fileName',
  '/_matrix/media/v3/thumbnail/:serverName/:mediaId',
] as const;

/**
 * The deprecated downloads, which want no token, are frozen: they serve what was uploaded or fetched before the freeze.
 * All files of this server are younger than that, so that there is none to serve.
 */
export function frozenContent(): Hono {
  const app = new Hono();
  for (const path of paths) {
    app.get(path, () => {
      throw notFound('Files are served to users only: /_matrix/client/v1/media/');
    });
  }
  return app;
}
