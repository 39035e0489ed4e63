import { Hono } from 'hono';

import type { FederationFindingDeps } from './deps.ts';
import { getEventByTimestamp } from './get-event-by-timestamp.ts';
import { getPublicRooms } from './get-public-rooms.ts';
import { getSpaceHierarchy } from './get-space-hierarchy.ts';
import { queryPublicRooms } from './query-public-rooms.ts';

/** By which other servers find rooms. */
export const federationFindingRoutes = (deps: FederationFindingDeps): Hono =>
  new Hono()
    .route('/', getPublicRooms(deps))
    .route('/', queryPublicRooms(deps))
    .route('/', getSpaceHierarchy(deps))
    .route('/', getEventByTimestamp(deps));
