// DELETE /_eyrie/admin/v1/reports/{id}
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import type { ReportStore } from '../../../rooms/report.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { reportIdOf } from './report-answer.ts';

export const closeReport = (requireAdmin: RequireAdmin, reports: Pick<ReportStore, 'remove'>) =>
  new Hono().delete('/_eyrie/admin/v1/reports/:id', ...requireAdmin, async (c) => {
    const isClosed = await reports.remove(reportIdOf(c.req.param('id')), c.var.requester.userId);
    if (!isClosed) throw notFound('There is no such report');
    return c.json({});
  });
