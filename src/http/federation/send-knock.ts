// PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId} (Server-Server API, "Knocking upon a room")
import { Hono } from 'hono';

import { receiveMembership } from '../../rooms/receive-membership.ts';
import { pduAnswer } from './pdu-answer.ts';
import { receivedMembership } from './received-membership.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendKnock = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v1/send_knock/:roomId/:eventId', deps.requireServer, async (c) => {
    const request = receivedMembership(c.var, c.req.param());
    await receiveMembership(deps, request, 'knock');
    return pduAnswer({ knock_room_state: await deps.rooms.knockRoomState(request) });
  });
