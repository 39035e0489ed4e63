// PUT /_matrix/federation/v2/send_join/{roomId}/{eventId} (Server-Server API, "Joining Rooms")
import { Hono } from 'hono';

import { receiveMembership } from '../../rooms/receive-membership.ts';
import { joinAnswer } from './join-answer.ts';
import { pduAnswer } from './pdu-answer.ts';
import { receivedMembership } from './received-membership.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendJoinV2 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v2/send_join/:roomId/:eventId', deps.requireServer, async (c) => {
    const request = receivedMembership(c.var, c.req.param());
    return pduAnswer(joinAnswer(deps.serverName, await receiveMembership(deps, request, 'join')));
  });
