import { Hono } from 'hono';

import type { AdminRoomDeps } from './administered-room.ts';
import { getShutdown } from './get-shutdown.ts';
import { reopenRoom } from './reopen-room.ts';
import { shutDownRoom } from './shut-down-room.ts';
import { getRoom } from './get-room.ts';
import { listParked } from './list-parked.ts';
import { listRejected } from './list-rejected.ts';
import { rebuildProjection } from './rebuild-projection.ts';
import { repairRoom } from './repair-room.ts';
import { retryAllParked } from './retry-all-parked.ts';
import { retryParked } from './retry-parked.ts';

/** The administrator's endpoints about rooms. */
export const adminRoomRoutes = (deps: AdminRoomDeps) =>
  new Hono()
    .route('/', getRoom(deps))
    .route('/', listParked(deps))
    .route('/', listRejected(deps))
    .route('/', shutDownRoom(deps))
    .route('/', getShutdown(deps))
    .route('/', reopenRoom(deps))
    .route('/', rebuildProjection(deps))
    .route('/', repairRoom(deps))
    .route('/', retryAllParked(deps))
    .route('/', retryParked(deps));
