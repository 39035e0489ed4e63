// PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId} (Server-Server API, "Leaving Rooms (Rejecting Invites)")
import { Hono } from 'hono';

import { receiveMembership } from '../../rooms/receive-membership.ts';
import { receivedMembership } from './received-membership.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendLeaveV2 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v2/send_leave/:roomId/:eventId', deps.requireServer, async (c) => {
    await receiveMembership(deps, receivedMembership(c.var, c.req.param()), 'leave');
    return c.json({});
  });
