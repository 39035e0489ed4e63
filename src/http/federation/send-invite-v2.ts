// PUT /_matrix/federation/v2/invite/{roomId}/{eventId} (Server-Server API, "Inviting to a room")
import { Hono } from 'hono';

import { badJson, missingParam } from '../../matrix/error.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { receiveInvite } from '../../rooms/receive-invite.ts';
import { pduAnswer } from './pdu-answer.ts';
import { receivedMembership } from './received-membership.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendInviteV2 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v2/invite/:roomId/:eventId', deps.requireServer, async (c) => {
    const { body } = c.var;
    if (!isJsonObject(body)) throw badJson('The body is not an object');
    const { room_version: roomVersion, event, invite_room_state: inviteRoomState } = body;
    if (event === undefined) throw missingParam('Missing: event');
    if (typeof roomVersion !== 'string') throw missingParam('Missing: room_version');
    const membership = { ...receivedMembership(c.var, c.req.param()), event };
    return pduAnswer({ event: await receiveInvite(deps, { ...membership, roomVersion, inviteRoomState }) });
  });
