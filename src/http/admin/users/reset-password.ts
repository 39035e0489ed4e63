// POST /_eyrie/admin/v1/users/{userId}/password
import { Hono } from 'hono';
import * as v from 'valibot';

import { administeredAccount, resetPassword as reset } from '../../../accounts/manage-accounts.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

const Body = v.object({ new_password: v.string(), logout_devices: v.optional(v.boolean(), true) });

export const resetPassword = ({ requireAdmin, tokenCache, ...deps }: AdminUserDeps) =>
  new Hono().post('/_eyrie/admin/v1/users/:userId/password', ...requireAdmin, jsonBody(Body), async (c) => {
    const { new_password: password, logout_devices: logsOut } = c.req.valid('json');
    const account = await administeredAccount(deps, c.req.param('userId'));
    await reset(deps, c.var.requester.userId, account, { password, logsOut });
    tokenCache.forget(account.userId);
    return c.json({});
  });
