// GET /_matrix/federation/v1/event_auth/{roomId}/{eventId} (Server-Server API, "Retrieving event authorisation information")
import { Hono } from 'hono';

import { requireKnownRoomVersion } from '../../rooms/known-room-version.ts';
import { eventIdIn, roomIdIn } from './request-ids.ts';
import { roomAnswer } from './room-answer.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

type Deps = Pick<FederationRoomDeps, 'requireServer' | 'rooms' | 'knownRooms'>;

export const getEventAuth = ({ requireServer, rooms, knownRooms }: Deps) =>
  new Hono().get('/_matrix/federation/v1/event_auth/:roomId/:eventId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const eventId = eventIdIn(c.req.param('eventId'));
    await requireKnownRoomVersion(knownRooms, roomId);
    const { origin } = c.var.requester;
    return roomAnswer(await rooms.eventAuthForServer({ roomId, origin, eventId }));
  });
