// GET /_matrix/client/v3/rooms/{roomId}/context/{eventId} (Client-Server API, "Event Context")
import { Hono } from 'hono';

import { notFound } from '../../matrix/error.ts';
import { contextOverHoles } from '../../room/read/context-over-holes.ts';
import type { ContextQuery } from '../../room/read/read-context.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { deviceScope } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { limitParam } from './limit-param.ts';
import { knownRoomId, soughtEventId } from './path-ids.ts';
import { eventFilterFor, filterParam } from './room-event-filter.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'backfill'>;

export const getEventContext = ({ requireUser, rooms, room, shard, backfill }: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/context/:eventId', requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const filter = filterParam(c.req.query('filter'));
    const context = await contextOverHoles(
      (query: ContextQuery & { readonly roomId: RoomId }) => room.readContext(query),
      (holes, limit) => backfill(roomId, holes, limit),
      {
        roomId,
        userId: requester.userId,
        scope: deviceScope(requester),
        eventId: soughtEventId(c.req.param('eventId')),
        limit: limitParam(c.req.query('limit'), { min: 0, max: 100, usual: 10 }),
        filter: eventFilterFor(roomId, filter),
        lazyLoadMembers: filter.lazy_load_members,
        ignoredUsers: await ignoredUsers({ shard }, requester),
      },
    );
    if (context === undefined) throw notFound('There is no such event, or you may not see it');
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
