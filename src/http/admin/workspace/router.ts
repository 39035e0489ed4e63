import { Hono } from 'hono';

import { listRooms } from '../rooms/list-rooms.ts';
import { checkUsers } from '../users/check-users.ts';
import { getEvent } from './get-event.ts';
import { getEventState } from './get-event-state.ts';
import { openDm } from './open-dm.ts';
import { postPresence } from './post-presence.ts';
import { postReceipts } from './post-receipts.ts';
import { setPowerLevel } from './set-power-level.ts';
import { setUserFederation } from './set-user-federation.ts';
import type { WorkspaceDeps } from './workspace-deps.ts';

/** What a workspace needs besides the client API. */
export const workspaceRoutes = (deps: WorkspaceDeps) =>
  new Hono()
    .route('/', setPowerLevel(deps))
    .route('/', openDm(deps))
    .route('/', getEvent(deps))
    .route('/', getEventState(deps))
    .route('/', postReceipts(deps))
    .route('/', postPresence(deps))
    .route('/', checkUsers(deps))
    .route('/', listRooms(deps))
    .route('/', setUserFederation(deps));
