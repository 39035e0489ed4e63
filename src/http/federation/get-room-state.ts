// GET /_matrix/federation/v1/state/{roomId} (Server-Server API, "Retrieving events")
import { Hono } from 'hono';

import { requireKnownRoomVersion } from '../../rooms/known-room-version.ts';
import { eventIdIn, roomIdIn } from './request-ids.ts';
import { roomAnswer } from './room-answer.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

type Deps = Pick<FederationRoomDeps, 'requireServer' | 'rooms' | 'knownRooms'>;

export const getRoomState = ({ requireServer, rooms, knownRooms }: Deps) =>
  new Hono().get('/_matrix/federation/v1/state/:roomId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const eventId = eventIdIn(c.req.query('event_id'));
    await requireKnownRoomVersion(knownRooms, roomId);
    return roomAnswer(await rooms.stateForServer({ roomId, origin: c.var.requester.origin, eventId }));
  });
