// GET /_matrix/client/v1/auth_metadata (Client-Server API, "Server metadata discovery")
import { Hono } from 'hono';

import { GRANT_TYPES } from '../../accounts/oauth/clients.ts';
import { clientBaseUrl } from '../well-known/client-base-url.ts';
import { ACCOUNT_ACTIONS } from './account-page.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { PATHS } from './paths.ts';
import { requireOAuth } from './require-oauth.ts';

/** The second one is asked by clients that see no version 1.15. */
const ROUTES = ['/_matrix/client/v1/auth_metadata', '/_matrix/client/unstable/org.matrix.msc2965/auth_metadata'];

export const getAuthMetadata = ({ oauth, isDeployment }: OAuthRoutesDeps): Hono => {
  const app = new Hono();
  for (const route of ROUTES) {
    app.get(route, requireOAuth(oauth), async (c) => {
      const base = clientBaseUrl(c, isDeployment);
      const isOpen = (await oauth.registration()) !== 'closed';
      c.header('Cache-Control', 'public, max-age=60');
      return c.json({
        issuer: `${base}/`,
        authorization_endpoint: base + PATHS.authorize,
        token_endpoint: base + PATHS.token,
        registration_endpoint: base + PATHS.register,
        revocation_endpoint: base + PATHS.revoke,
        device_authorization_endpoint: base + PATHS.device,
        response_types_supported: ['code'],
        response_modes_supported: ['query', 'fragment'],
        grant_types_supported: GRANT_TYPES,
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        revocation_endpoint_auth_methods_supported: ['none'],
        ...(isOpen ? { prompt_values_supported: ['create'] } : {}),
        account_management_uri: base + PATHS.account,
        account_management_actions_supported: ACCOUNT_ACTIONS,
      });
    });
  }
  return app;
};
