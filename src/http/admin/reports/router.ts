import { Hono } from 'hono';

import type { ReportStore } from '../../../rooms/report.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { closeReport } from './close-report.ts';
import { getReport } from './get-report.ts';
import { listReports } from './list-reports.ts';

/** What users reported, for administrators. */
export const reportRoutes = (requireAdmin: RequireAdmin, reports: ReportStore) =>
  new Hono()
    .route('/', listReports(requireAdmin, reports))
    .route('/', getReport(requireAdmin, reports))
    .route('/', closeReport(requireAdmin, reports));
