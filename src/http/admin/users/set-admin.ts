// PUT /_eyrie/admin/v1/users/{userId}/admin
import { Hono } from 'hono';
import * as v from 'valibot';

import { administeredAccount, setAdmin as set } from '../../../accounts/manage-accounts.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

const Body = v.object({ admin: v.boolean() });

export const setAdmin = ({ requireAdmin, tokenCache, ...deps }: AdminUserDeps) =>
  new Hono().put('/_eyrie/admin/v1/users/:userId/admin', ...requireAdmin, jsonBody(Body), async (c) => {
    const { admin } = c.req.valid('json');
    const account = await administeredAccount(deps, c.req.param('userId'));
    await set(deps, c.var.requester.userId, account, admin);
    tokenCache.forget(account.userId);
    return c.json({ admin });
  });
