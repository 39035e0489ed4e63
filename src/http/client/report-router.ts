import { Hono } from 'hono';

import type { ReportRouteDeps } from './report-deps.ts';
import { reportEvent } from './report-event.ts';
import { reportRoom } from './report-room.ts';
import { reportUser } from './report-user.ts';

export const reportingRoutes = (deps: ReportRouteDeps) =>
  new Hono().route('/', reportEvent(deps)).route('/', reportRoom(deps)).route('/', reportUser(deps));
