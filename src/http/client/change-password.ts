// POST /_matrix/client/v3/account/password (Client-Server API, "Password management")
import { Hono } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { hashNewPassword } from '../../accounts/register.ts';
import { missingParam } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { refuseAppservices } from './from-user.ts';

const Body = v.object({
  new_password: v.optional(v.string()),
  logout_devices: v.optional(v.boolean()),
  auth: v.optional(v.unknown()),
});

/** Needs an access token: without one, only an e-mail address could prove anything, and no account has one here. */
export const changePassword = ({ requireUser, accounts, tokenCache }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/account/password', requireUser, jsonBody(Body), async (c) => {
    const { userId, deviceId } = c.var.requester;
    refuseAppservices(c.var.requester);
    const { new_password: password, logout_devices: isLogout, auth } = c.req.valid('json');
    const account = await confirmPassword(accounts, userId, 'changePassword', auth);
    if (password === undefined) throw missingParam('Missing: new_password');
    await accounts.accounts.setPassword(userId, await hashNewPassword(accounts, password));
    if (isLogout !== false) {
      await accounts.sessions.closeAllBut(account, deviceId);
      tokenCache.forget(userId);
    }
    return c.json({});
  });
