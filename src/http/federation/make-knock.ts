// GET /_matrix/federation/v1/make_knock/{roomId}/{userId} (Server-Server API, "Knocking upon a room")
import { Hono } from 'hono';

import { requireKnownRoomVersion } from '../../rooms/known-room-version.ts';
import { roomIdIn, userIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { templateAnswer } from './template-answer.ts';

type Deps = Pick<FederationRoomDeps, 'requireServer' | 'rooms' | 'knownRooms'>;

/** A server that names no version knows the first only. */
export const makeKnock = ({ requireServer, rooms, knownRooms }: Deps) =>
  new Hono().get('/_matrix/federation/v1/make_knock/:roomId/:userId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const userId = userIdIn(c.req.param('userId'));
    await requireKnownRoomVersion(knownRooms, roomId);
    const { origin } = c.var.requester;
    const supported = c.req.queries('ver') ?? ['1'];
    return templateAnswer(await rooms.makeMembership({ roomId, origin, userId, membership: 'knock', supported }));
  });
