// POST /_matrix/client/v3/user/{userId}/openid/request_token (Client-Server API, "OpenID")
import { Hono } from 'hono';
import * as v from 'valibot';

import { OPENID_LIFE_MS } from '../../accounts/openid-tokens.ts';
import { forbidden } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const PATH = '/_matrix/client/v3/user/:userId/openid/request_token';

export const requestOpenIdToken = ({ requireUser, accounts }: Pick<AccountRouteDeps, 'requireUser' | 'accounts'>) =>
  new Hono().post(PATH, requireUser, jsonBody(v.object({})), (c) => {
    const { userId } = c.var.requester;
    if (c.req.param('userId') !== userId) throw forbidden('This is another user');
    return c.json({
      access_token: accounts.openIdTokens.make(userId, accounts.now()),
      token_type: 'Bearer',
      matrix_server_name: accounts.serverName,
      expires_in: OPENID_LIFE_MS / 1_000,
    });
  });
