// GET /_eyrie/admin/v1/reports
import { Hono } from 'hono';

import { invalidParam } from '../../../matrix/error.ts';
import type { ReportStore } from '../../../rooms/report.ts';
import { limitParam } from '../../client/limit-param.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { reportAnswer } from './report-answer.ts';

/** The newest first; `from` is what the page before gave as `next`. */
export const listReports = (requireAdmin: RequireAdmin, reports: Pick<ReportStore, 'list'>) =>
  new Hono().get('/_eyrie/admin/v1/reports', ...requireAdmin, async (c) => {
    const from = c.req.query('from');
    if (from !== undefined && !/^\d{1,15}$/.test(from)) throw invalidParam('from has a wrong value');
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 500, usual: 100 });
    const listed = await reports.list(from === undefined ? undefined : Number(from), limit);
    const last = listed.at(-1);
    return c.json({
      reports: listed.map(reportAnswer),
      ...(last === undefined || listed.length < limit ? {} : { next: String(last.id) }),
    });
  });
