// POST /_matrix/client/v1/login/get_token (Client-Server API, "Login")
import { Hono } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { LOGIN_TOKEN_LIFE_MS, makeLoginToken } from '../../accounts/login-token.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({ auth: v.optional(v.unknown()) });

export const generateLoginToken = ({ requireUser, accounts, limits }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v1/login/get_token', requireUser, limits.delegating, jsonBody(Body), async (c) => {
    const { userId } = c.var.requester;
    await confirmPassword(accounts, userId, 'generateLoginToken', c.req.valid('json').auth);
    const token = await makeLoginToken(accounts, userId);
    return c.json({ login_token: token, expires_in_ms: LOGIN_TOKEN_LIFE_MS });
  });
