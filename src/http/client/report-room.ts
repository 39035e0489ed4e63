// POST /_matrix/client/v3/rooms/{roomId}/report (Client-Server API, "Reporting content")
import { Hono } from 'hono';
import * as v from 'valibot';

import { reportRoom as report } from '../../rooms/report.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { roomIdOf } from './path-ids.ts';
import type { ReportRouteDeps } from './report-deps.ts';

const Body = v.object({ reason: v.string() });

export const reportRoom = (deps: ReportRouteDeps) =>
  new Hono().post(
    '/_matrix/client/v3/rooms/:roomId/report',
    deps.requireUser,
    deps.limitReporting,
    jsonBody(Body),
    async (c) => {
      const roomId = roomIdOf(c.req.param('roomId'));
      await report(deps, c.var.requester.userId, roomId, c.req.valid('json').reason);
      return c.json({});
    },
  );
