// POST /_matrix/client/v3/account/deactivate (Client-Server API, "Account deactivation")
import { Hono } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { deactivateAccount as deactivate } from '../../accounts/deactivate.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { refuseAppservices } from './from-user.ts';

const Body = v.object({ auth: v.optional(v.unknown()), erase: v.optional(v.boolean(), false) });

/** No account has a third-party identifier here, so unbinding them always succeeds. */
export const deactivateAccount = ({ requireUser, accounts, tokenCache }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/account/deactivate', requireUser, jsonBody(Body), async (c) => {
    const { userId } = c.var.requester;
    refuseAppservices(c.var.requester);
    const { auth, erase } = c.req.valid('json');
    const account = await confirmPassword(accounts, userId, 'deactivateAccount', auth);
    await deactivate(accounts, account, erase);
    tokenCache.forget(userId);
    return c.json({ id_server_unbind_result: 'success' });
  });
