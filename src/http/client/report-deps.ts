import type { MiddlewareHandler } from 'hono';

import type { ReportDeps } from '../../rooms/report.ts';
import type { RequireUser } from './from-user.ts';

/** What the endpoints for reports need. */
export interface ReportRouteDeps extends ReportDeps {
  readonly requireUser: RequireUser;
  /** Stands behind `requireUser`: throws `M_LIMIT_EXCEEDED`. */
  readonly limitReporting: MiddlewareHandler;
}
