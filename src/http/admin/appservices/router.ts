import { Hono } from 'hono';

import type { AdministerDeps } from '../../../appservice/administer.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { deleteAppservice } from './delete-appservice.ts';
import { getAppservice } from './get-appservice.ts';
import { listAppservices } from './list-appservices.ts';
import { putAppservice } from './put-appservice.ts';

export interface AdminAppserviceDeps {
  readonly requireAdmin: RequireAdmin;
  readonly administer: AdministerDeps;
}

/** Registrations of application services. */
export const adminAppserviceRoutes = (deps: AdminAppserviceDeps) =>
  new Hono()
    .route('/', listAppservices(deps))
    .route('/', getAppservice(deps))
    .route('/', putAppservice(deps))
    .route('/', deleteAppservice(deps));
