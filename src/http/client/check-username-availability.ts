// GET /_matrix/client/v3/register/available (Client-Server API, "Account registration")
import { Hono } from 'hono';

import { freeUserId, requireOpen } from '../../accounts/register.ts';
import { missingParam } from '../../matrix/error.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

export const checkUsernameAvailability = ({ accounts, limits }: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v3/register/available', limits.guessing, async (c) => {
    const username = c.req.query('username');
    if (username === undefined) throw missingParam('Missing: username');
    await freeUserId(accounts, username, (userId) => requireOpen(accounts, userId));
    return c.json({ available: true });
  });
