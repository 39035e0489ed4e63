// GET /: for whoever opens the server's address in a browser
import { Hono } from 'hono';

import type { ServerName } from '../../matrix/ids/brands.ts';
import { clientBaseUrl } from './client-base-url.ts';

/** Plain text, which no browser may take for anything else: the address is the asker's own word. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
};

export const getFrontPage = (serverName: ServerName, isDeployment: boolean) =>
  new Hono().get('/', (c) =>
    c.text(
      `This is the Matrix homeserver of ${serverName} (Eyrie). Matrix clients connect to ${clientBaseUrl(c, isDeployment)}\n`,
      200,
      HEADERS,
    ),
  );
