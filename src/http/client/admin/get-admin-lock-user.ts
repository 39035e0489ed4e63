// GET /_matrix/client/v1/admin/lock/{userId} (Client-Server API, "Server Administration")
import { Hono } from 'hono';

import { administeredAccount } from '../../../accounts/manage-accounts.ts';
import type { AdminUserDeps } from '../../admin/users/user-routes-deps.ts';

export const getAdminLockUser = ({ requireAdmin, ...deps }: AdminUserDeps) =>
  new Hono().get('/_matrix/client/v1/admin/lock/:userId', ...requireAdmin, async (c) =>
    c.json({ locked: (await administeredAccount(deps, c.req.param('userId'))).isLocked }),
  );
