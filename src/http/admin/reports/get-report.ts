// GET /_eyrie/admin/v1/reports/{id}
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import type { ReportStore } from '../../../rooms/report.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { reportAnswer, reportIdOf } from './report-answer.ts';

/** With the event as the reporter saw it. */
export const getReport = (requireAdmin: RequireAdmin, reports: Pick<ReportStore, 'get'>) =>
  new Hono().get('/_eyrie/admin/v1/reports/:id', ...requireAdmin, async (c) => {
    const report = await reports.get(reportIdOf(c.req.param('id')));
    if (report === undefined) throw notFound('There is no such report');
    const event = report.event === undefined ? null : (JSON.parse(report.event) as object);
    return Response.json({ ...reportAnswer(report), event });
  });
