// PUT /_matrix/client/v1/admin/lock/{userId} (Client-Server API, "Server Administration")
import { Hono } from 'hono';
import * as v from 'valibot';

import { administeredAccount, setRestriction } from '../../../accounts/manage-accounts.ts';
import type { AdminUserDeps } from '../../admin/users/user-routes-deps.ts';
import { jsonBody } from '../../middleware/json-body.ts';

const Body = v.object({ locked: v.boolean() });

export const setAdminLockUser = ({ requireAdmin, tokenCache, ...deps }: AdminUserDeps) =>
  new Hono().put('/_matrix/client/v1/admin/lock/:userId', ...requireAdmin, jsonBody(Body), async (c) => {
    const { locked } = c.req.valid('json');
    const account = await administeredAccount(deps, c.req.param('userId'));
    await setRestriction(deps, c.var.requester.userId, account, 'locked', locked);
    tokenCache.forget(account.userId);
    return c.json({ locked });
  });
