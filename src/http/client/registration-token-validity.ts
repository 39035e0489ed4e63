// GET /_matrix/client/v1/register/m.login.registration_token/validity (Client-Server API, "Token-authenticated registration")
import { Hono } from 'hono';

import { isTokenValid } from '../../accounts/register.ts';
import { missingParam } from '../../matrix/error.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

export const registrationTokenValidity = ({ accounts, limits }: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v1/register/m.login.registration_token/validity', limits.guessing, async (c) => {
    const token = c.req.query('token');
    if (token === undefined) throw missingParam('Missing: token');
    return c.json({ valid: await isTokenValid(accounts, token) });
  });
