// GET /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey} (Client-Server API, "Getting events for a room")
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { deviceScope } from './from-user.ts';
import { knownRoomId } from './path-ids.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';
import { statePaths } from './state-paths.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room'>;

export const getRoomStateWithKey = ({ requireUser, rooms, room }: Deps) =>
  new Hono().on('GET', [...statePaths], requireUser, async (c) => {
    const { roomId: roomIdText = '', eventType: type = '', stateKey = '' } = c.req.param() as Record<string, string>;
    const format = c.req.query('format') ?? 'content';
    if (format !== 'content' && format !== 'event') throw invalidParam('format is content or event');
    const roomId = await knownRoomId(rooms.registry, roomIdText);
    const { requester } = c.var;
    const event = await room.readStateEvent({
      roomId,
      userId: requester.userId,
      scope: deviceScope(requester),
      type,
      stateKey,
    });
    return Response.json(format === 'event' ? inRoom(roomId)(event) : event.content);
  });
