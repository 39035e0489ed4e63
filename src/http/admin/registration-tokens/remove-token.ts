// DELETE /_eyrie/admin/v1/registration-tokens/{token}
import { Hono } from 'hono';

import { removeToken, type ManageTokensDeps } from '../../../accounts/manage-tokens.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';

export const removeRegistrationToken = (requireAdmin: RequireAdmin, deps: ManageTokensDeps) =>
  new Hono().delete('/_eyrie/admin/v1/registration-tokens/:token', ...requireAdmin, async (c) => {
    await removeToken(deps, c.var.requester.userId, c.req.param('token'));
    return c.json({});
  });
