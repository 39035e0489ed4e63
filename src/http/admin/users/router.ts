import { Hono } from 'hono';

import { getAdminLockUser } from '../../client/admin/get-admin-lock-user.ts';
import { getAdminSuspendUser } from '../../client/admin/get-admin-suspend-user.ts';
import { setAdminLockUser } from '../../client/admin/set-admin-lock-user.ts';
import { setAdminSuspendUser } from '../../client/admin/set-admin-suspend-user.ts';
import { createUser } from './create-user.ts';
import { deactivateUser } from './deactivate-user.ts';
import { getUser } from './get-user.ts';
import { listUsers } from './list-users.ts';
import { resetPassword } from './reset-password.ts';
import { setAdmin } from './set-admin.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

/** What administrators do with accounts: the specification's endpoints, and our own. */
export const adminUserRoutes = (deps: AdminUserDeps) =>
  new Hono()
    .route('/', getAdminLockUser(deps))
    .route('/', setAdminLockUser(deps))
    .route('/', getAdminSuspendUser(deps))
    .route('/', setAdminSuspendUser(deps))
    .route('/', listUsers(deps))
    .route('/', createUser(deps))
    .route('/', getUser(deps))
    .route('/', resetPassword(deps))
    .route('/', deactivateUser(deps))
    .route('/', setAdmin(deps));
