// GET /_matrix/client/v1/admin/suspend/{userId} (Client-Server API, "Server Administration")
import { Hono } from 'hono';

import { administeredAccount } from '../../../accounts/manage-accounts.ts';
import type { AdminUserDeps } from '../../admin/users/user-routes-deps.ts';

export const getAdminSuspendUser = ({ requireAdmin, ...deps }: AdminUserDeps) =>
  new Hono().get('/_matrix/client/v1/admin/suspend/:userId', ...requireAdmin, async (c) =>
    c.json({ suspended: (await administeredAccount(deps, c.req.param('userId'))).isSuspended }),
  );
