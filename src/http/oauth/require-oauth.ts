import type { MiddlewareHandler } from 'hono';

import type { OAuthDeps } from '../../accounts/oauth/ports.ts';
import { unrecognized } from '../../matrix/error.ts';

/** 404 `M_UNRECOGNIZED` while the setting is off. Source: Client-Server API, "Authentication API discovery". */
export const requireOAuth =
  ({ isOAuthOn }: OAuthDeps): MiddlewareHandler =>
  async (_c, next) => {
    if (!(await isOAuthOn())) throw unrecognized('The OAuth 2.0 API is not in use on this server');
    await next();
  };
