import { Hono } from 'hono';

import type { ShownBacklog } from '../../../appservice/sending/ports.ts';
import type { RefusedRegistrations } from '../../../appservice/ports.ts';
import type { AdministerDeps } from '../../../appservice/administer.ts';
import type { AuditWriter } from '../../../settings/audit-log.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { deleteAppservice } from './delete-appservice.ts';
import { getAppservice } from './get-appservice.ts';
import { listAppservices } from './list-appservices.ts';
import { replayAppservice } from './replay-appservice.ts';
import { retryAppservice } from './retry-appservice.ts';
import { putAppservice } from './put-appservice.ts';

/** What waits for an application service. */
interface AdministeredQueue {
  backlog(id: string): Promise<ShownBacklog>;
  /** Ends the back-off; answers when the try has, or after five seconds. */
  retry(id: string): Promise<void>;
  /** Sends what was received since a time (ms) once more. */
  replay(id: string, since: number): Promise<void>;
}

export interface AdminAppserviceDeps {
  readonly requireAdmin: RequireAdmin;
  readonly administer: AdministerDeps;
  readonly queue: AdministeredQueue;
  readonly audit: AuditWriter;
  readonly refused: Pick<RefusedRegistrations, 'all'>;
}

/** Registrations of application services. */
export const adminAppserviceRoutes = (deps: AdminAppserviceDeps) =>
  new Hono()
    .route('/', listAppservices(deps))
    .route('/', getAppservice(deps))
    .route('/', putAppservice(deps))
    .route('/', deleteAppservice(deps))
    .route('/', retryAppservice(deps))
    .route('/', replayAppservice(deps));
