// GET /_matrix/client/v3/rooms/{roomId}/event/{eventId} (Client-Server API, "Getting events for a room")
import { Hono } from 'hono';

import { deviceScope } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { knownRoomId, soughtEventId } from './path-ids.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard'>;

export const getOneRoomEvent = ({ requireUser, rooms, room, shard }: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/event/:eventId', requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const who = { roomId, userId: requester.userId, scope: deviceScope(requester) };
    const eventId = soughtEventId(c.req.param('eventId'));
    const ignored = await ignoredUsers({ shard }, requester);
    return Response.json(inRoom(roomId)(await room.readEvent({ ...who, eventId, ignoredUsers: ignored })));
  });
