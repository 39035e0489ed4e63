import { Hono } from 'hono';
import { cors } from 'hono/cors';

import { accountPage } from './account-page.ts';
import { authorize } from './authorize.ts';
import { authorizeDevice } from './authorize-device.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { getAuthMetadata } from './get-auth-metadata.ts';
import { link } from './link.ts';
import { PATHS } from './paths.ts';
import { registerClient } from './register-client.ts';
import { revoke } from './revoke.ts';
import { token } from './token.ts';

/** The OAuth 2.0 API and its pages. What clients ask may be asked from any page; the pages may not. */
export function oauthRoutes(deps: OAuthRoutesDeps): Hono {
  const app = new Hono();
  for (const path of [PATHS.register, PATHS.token, PATHS.revoke, PATHS.device]) {
    app.use(path, cors({ origin: '*', allowMethods: ['POST', 'OPTIONS'], allowHeaders: ['Content-Type'] }));
  }
  for (const part of [getAuthMetadata, registerClient, token, revoke, authorizeDevice, authorize, link, accountPage]) {
    app.route('/', part(deps));
  }
  return app;
}
