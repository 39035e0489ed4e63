// POST /_matrix/client/v3/users/{userId}/report (Client-Server API, "Reporting content")
import { Hono } from 'hono';
import * as v from 'valibot';

import { reportUser as report } from '../../rooms/report.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { userIdOf } from './path-ids.ts';
import type { ReportRouteDeps } from './report-deps.ts';

const Body = v.object({ reason: v.string() });

export const reportUser = (deps: ReportRouteDeps) =>
  new Hono().post(
    '/_matrix/client/v3/users/:userId/report',
    deps.requireUser,
    deps.limitReporting,
    jsonBody(Body),
    async (c) => {
      const userId = userIdOf(c.req.param('userId'));
      await report(deps, c.var.requester.userId, userId, c.req.valid('json').reason);
      return c.json({});
    },
  );
