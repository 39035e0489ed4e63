import { Hono } from 'hono';

import type { FindingDeps } from './deps.ts';
import { getEventByTimestamp } from './get-event-by-timestamp.ts';
import { getMutualRooms } from './get-mutual-rooms.ts';
import { getPublicRooms } from './get-public-rooms.ts';
import { getRoomSummary } from './get-room-summary.ts';
import { getSpaceHierarchy } from './get-space-hierarchy.ts';
import { queryPublicRooms } from './query-public-rooms.ts';
import { search } from './search.ts';
import { searchUserDirectory } from './search-user-directory.ts';

/** The client-server endpoints that find rooms. */
export const findingRoutes = (deps: FindingDeps): Hono =>
  new Hono()
    .route('/', getPublicRooms(deps))
    .route('/', queryPublicRooms(deps))
    .route('/', getSpaceHierarchy(deps))
    .route('/', getRoomSummary(deps))
    .route('/', getEventByTimestamp(deps))
    .route('/', search(deps))
    .route('/', searchUserDirectory(deps))
    .route('/', getMutualRooms(deps));
