// PUT /_matrix/federation/v1/send_join/{roomId}/{eventId}, removed from the specification: Synapse falls back to it
import { Hono } from 'hono';

import { receiveMembership } from '../../rooms/receive-membership.ts';
import { joinAnswer } from './join-answer.ts';
import { pairAnswer } from './pdu-answer.ts';
import { receivedMembership } from './received-membership.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendJoinV1 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v1/send_join/:roomId/:eventId', deps.requireServer, async (c) => {
    const request = receivedMembership(c.var, c.req.param());
    return pairAnswer(joinAnswer(deps.serverName, await receiveMembership(deps, request, 'join')));
  });
