// GET /.well-known/matrix/client (Client-Server API, "Server Discovery")
import { Hono } from 'hono';
import { cors } from 'hono/cors';

import { clientBaseUrl } from './client-base-url.ts';

/** Names the address that was asked: the client API is there. Browsers may ask from anywhere. */
export const getWellknownClient = (isDeployment: boolean) =>
  new Hono().get('/.well-known/matrix/client', cors({ origin: '*' }), (c) =>
    c.json({ 'm.homeserver': { base_url: clientBaseUrl(c, isDeployment) } }),
  );
