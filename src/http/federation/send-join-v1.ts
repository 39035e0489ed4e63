// PUT /_matrix/federation/v1/send_join/{roomId}/{eventId}, removed from the specification: Synapse falls back to it
import { Hono } from 'hono';

import { receiveJoin } from '../../rooms/receive-membership.ts';
import { receivedMembership } from './received-membership.ts';
import { pairedRoomAnswer } from './room-answer.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendJoinV1 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v1/send_join/:roomId/:eventId', deps.requireServer, async (c) => {
    const request = receivedMembership(c.var, c.req.param());
    return pairedRoomAnswer(await receiveJoin(deps, request, { omitMembers: false }));
  });
