import { Hono } from 'hono';

import type { AdminDestinationDeps } from './destination-answer.ts';
import { getDestination } from './get-destination.ts';
import { listDestinations } from './list-destinations.ts';
import { retryDestination } from './retry-destination.ts';

/** The administrator's endpoints about other servers. */
export const adminDestinationRoutes = (deps: AdminDestinationDeps) =>
  new Hono().route('/', listDestinations(deps)).route('/', getDestination(deps)).route('/', retryDestination(deps));
