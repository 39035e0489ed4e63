// PUT /_matrix/federation/v2/send_join/{roomId}/{eventId} (Server-Server API, "Joining Rooms")
import { Hono } from 'hono';

import { receiveJoin } from '../../rooms/receive-membership.ts';
import { receivedMembership } from './received-membership.ts';
import { roomAnswer } from './room-answer.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendJoinV2 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v2/send_join/:roomId/:eventId', deps.requireServer, async (c) => {
    const request = receivedMembership(c.var, c.req.param());
    const omitMembers = c.req.query('omit_members') === 'true';
    return roomAnswer(await receiveJoin(deps, request, { omitMembers }));
  });
