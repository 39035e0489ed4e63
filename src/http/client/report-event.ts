// POST /_matrix/client/v3/rooms/{roomId}/report/{eventId} (Client-Server API, "Reporting content")
import { Hono } from 'hono';
import * as v from 'valibot';

import { reportEvent as report } from '../../rooms/report.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { deviceScope } from './from-user.ts';
import { roomIdOf, soughtEventId } from './path-ids.ts';
import type { ReportRouteDeps } from './report-deps.ts';

const Body = v.object({ reason: v.optional(v.string(), '') });

export const reportEvent = (deps: ReportRouteDeps) =>
  new Hono().post(
    '/_matrix/client/v3/rooms/:roomId/report/:eventId',
    deps.requireUser,
    deps.limitReporting,
    jsonBody(Body),
    async (c) => {
      const { requester } = c.var;
      const roomId = roomIdOf(c.req.param('roomId'));
      const eventId = soughtEventId(c.req.param('eventId'));
      const who = { reporter: requester.userId, scope: deviceScope(requester) };
      await report(deps, who, { roomId, eventId, reason: c.req.valid('json').reason });
      return c.json({});
    },
  );
