// POST /_eyrie/admin/v1/users/{userId}/deactivate
import { Hono } from 'hono';
import * as v from 'valibot';

import { administeredAccount, deactivateManaged } from '../../../accounts/manage-accounts.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

const Body = v.object({ erase: v.optional(v.boolean(), false) });

export const deactivateUser = ({ requireAdmin, tokenCache, ...deps }: AdminUserDeps) =>
  new Hono().post('/_eyrie/admin/v1/users/:userId/deactivate', ...requireAdmin, jsonBody(Body), async (c) => {
    const account = await administeredAccount(deps, c.req.param('userId'));
    await deactivateManaged(deps, c.var.requester.userId, account, c.req.valid('json').erase);
    tokenCache.forget(account.userId);
    return c.json({});
  });
