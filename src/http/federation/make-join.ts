// GET /_matrix/federation/v1/make_join/{roomId}/{userId} (Server-Server API, "Joining Rooms")
import { Hono } from 'hono';

import { requireKnownRoomVersion } from '../../rooms/known-room-version.ts';
import { standingForServer } from '../../rooms/receive-membership.ts';
import { roomIdIn, userIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { templateAnswer } from './template-answer.ts';

type Deps = Pick<FederationRoomDeps, 'serverName' | 'requireServer' | 'rooms' | 'knownRooms'>;

/** A server that names no version knows the first only. */
export const makeJoin = (deps: Deps) => {
  const { requireServer, rooms, knownRooms } = deps;
  return new Hono().get('/_matrix/federation/v1/make_join/:roomId/:userId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const userId = userIdIn(c.req.param('userId'));
    await requireKnownRoomVersion(knownRooms, roomId);
    const { origin } = c.var.requester;
    const supported = c.req.queries('ver') ?? ['1'];
    const standing = await standingForServer(deps, roomId, userId);
    const call = { roomId, origin, userId, membership: 'join', supported, standing } as const;
    return templateAnswer(await rooms.makeMembership(call));
  });
};
