import { Hono } from 'hono';

import type { FindingDeps } from './deps.ts';
import { getPublicRooms } from './get-public-rooms.ts';
import { queryPublicRooms } from './query-public-rooms.ts';

/** The client-server endpoints that find rooms. */
export const findingRoutes = (deps: FindingDeps): Hono =>
  new Hono().route('/', getPublicRooms(deps)).route('/', queryPublicRooms(deps));
