// GET /_matrix/client/v3/rooms/{roomId}/context/{eventId} (Client-Server API, "Event Context")
import { Hono } from 'hono';

import { deviceScope } from './from-user.ts';
import { limitParam } from './limit-param.ts';
import { knownRoomId, soughtEventId } from './path-ids.ts';
import { eventFilterFor, filterParam } from './room-event-filter.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room'>;

export const getEventContext = ({ requireUser, rooms, room }: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/context/:eventId', requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const who = { roomId, userId: requester.userId, scope: deviceScope(requester) };
    const eventId = soughtEventId(c.req.param('eventId'));
    const limit = limitParam(c.req.query('limit'), { min: 0, max: 100, usual: 10 });
    const filter = eventFilterFor(roomId, filterParam(c.req.query('filter')));
    const context = await room.readContext({ ...who, eventId, limit, filter });
    const shown = inRoom(roomId);
    return Response.json({
      start: context.start,
      end: context.end,
      event: shown(context.event),
      events_before: context.events_before.map(shown),
      events_after: context.events_after.map(shown),
      state: context.state.map(shown),
    });
  });
