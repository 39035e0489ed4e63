// GET /_eyrie/admin/v1/openapi.json
import { Hono } from 'hono';

import { openApiDocument, type Handled } from './openapi/document.ts';

/** What the admin API is, for whoever writes a program for it: nothing of this server, so no token is asked for. */
export function getOpenApi(version: string, routes: () => readonly Handled[]) {
  let made: string | undefined;
  return new Hono().get('/_eyrie/admin/v1/openapi.json', (c) => {
    made ??= JSON.stringify(openApiDocument(routes(), version));
    return c.body(made, 200, { 'content-type': 'application/json' });
  });
}
