// GET /.well-known/matrix/client (Client-Server API, "Server Discovery")
import { Hono } from 'hono';
import { cors } from 'hono/cors';

/** The front of the embedded server says with which scheme it was asked; it forwards by plain HTTP. */
const SCHEME_HEADER = 'eyrie-client-scheme';

/** Names the address that was asked: the client API is there. Browsers may ask from anywhere. */
export const getWellknownClient = (isDeployment: boolean) =>
  new Hono().get('/.well-known/matrix/client', cors({ origin: '*' }), (c) => {
    const { protocol, host } = new URL(c.req.url);
    const scheme = isDeployment ? protocol.slice(0, -1) : (c.req.header(SCHEME_HEADER) ?? 'http');
    return c.json({ 'm.homeserver': { base_url: `${scheme}://${host}` } });
  });
