// GET /.well-known/matrix/server (Server-Server API, "Resolving server names")
import { Hono } from 'hono';

import { notFound } from '../../matrix/error.ts';

/**
 * Points other servers to port 443: Cloudflare does not proxy 8448. The embedded server listens on 8448 itself (behind
 * a port of its server name), so there the answer is 404.
 */
export const getWellKnown = (isDeployment: boolean) =>
  new Hono().get('/.well-known/matrix/server', (c) => {
    if (!isDeployment) throw notFound('No delegation');
    return c.json({ 'm.server': `${new URL(c.req.url).hostname}:443` });
  });
