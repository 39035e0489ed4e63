// GET /_matrix/federation/v1/version (Server-Server API, "Server implementation")
import { Hono } from 'hono';

export const getVersion = (version: string) =>
  new Hono().get('/_matrix/federation/v1/version', (c) => c.json({ server: { name: 'Eyrie', version } }));
