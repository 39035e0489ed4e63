import { Hono } from 'hono';

import type { ServerName } from '../../matrix/ids/brands.ts';
import { getFrontPage } from './get-front-page.ts';
import { getWellKnown } from './get-well-known.ts';
import { getWellknownSupport, type Support } from './get-wellknown-support.ts';
import { getWellknownClient } from './get-wellknown-client.ts';

/** What tells people and programs where the server is. */
export const wellKnownRoutes = (serverName: ServerName, isDeployment: boolean, support: () => Promise<Support>) =>
  new Hono()
    .route('/', getFrontPage(serverName, isDeployment))
    .route('/', getWellKnown(isDeployment))
    .route('/', getWellknownClient(isDeployment))
    .route('/', getWellknownSupport(support));
