import { Hono } from 'hono';

import type { ServerName } from '../../matrix/ids/brands.ts';
import { getFrontPage } from './get-front-page.ts';
import { getWellKnown } from './get-well-known.ts';
import { getWellknownClient } from './get-wellknown-client.ts';

/** What tells people and programs where the server is. */
export const wellKnownRoutes = (serverName: ServerName, isDeployment: boolean) =>
  new Hono()
    .route('/', getFrontPage(serverName, isDeployment))
    .route('/', getWellKnown(isDeployment))
    .route('/', getWellknownClient(isDeployment));
