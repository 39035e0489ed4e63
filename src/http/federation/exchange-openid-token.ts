// GET /_matrix/federation/v1/openid/userinfo (Server-Server API, "OpenID")
import { Hono, type MiddlewareHandler } from 'hono';

import type { AccountsDeps } from '../../accounts/ports.ts';
import { missingParam, unknownToken } from '../../matrix/error.ts';

/** Open to everybody: who asks is any service that a user showed the token to. */
export const exchangeOpenIdToken = (
  requireFederation: MiddlewareHandler,
  { accounts, openIdTokens, now }: Pick<AccountsDeps, 'accounts' | 'openIdTokens' | 'now'>,
) =>
  new Hono().get('/_matrix/federation/v1/openid/userinfo', requireFederation, async (c) => {
    const token = c.req.query('access_token');
    if (token === undefined || token === '') throw missingParam('Missing: access_token');
    const userId = openIdTokens.ownerOf(token, now());
    // Who was deactivated since is nobody any more.
    if (userId === undefined || (await accounts.shardOf(userId)) === undefined) {
      throw unknownToken('The access token is unknown or has expired');
    }
    return c.json({ sub: userId });
  });
