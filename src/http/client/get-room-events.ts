// GET /_matrix/client/v3/rooms/{roomId}/messages (Client-Server API, "Getting events for a room")
import { Hono } from 'hono';

import { invalidParam, missingParam } from '../../matrix/error.ts';
import { readOverHoles } from '../../room/read/read-over-holes.ts';
import { deviceScope } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { limitParam } from './limit-param.ts';
import { knownRoomId } from './path-ids.ts';
import { pointOfToken } from './point-of-token.ts';
import { eventFilterFor, filterParam } from './room-event-filter.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'epoch' | 'backfill'>;

export const getRoomEvents = ({ requireUser, rooms, room, shard, epoch, backfill }: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/messages', requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const who = { roomId, userId: requester.userId, scope: deviceScope(requester) };
    const { dir, from, to } = c.req.query();
    if (dir !== 'b' && dir !== 'f')
      throw dir === undefined ? missingParam('Missing: dir') : invalidParam('dir is b or f');
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 1000, usual: 10 });
    const filter = filterParam(c.req.query('filter'));
    const tokens = { shard: shard(requester.shard), epoch };
    const query = {
      ...who,
      dir,
      limit,
      from: await pointOfToken(tokens, roomId, from),
      to: await pointOfToken(tokens, roomId, to),
      filter: eventFilterFor(roomId, filter),
      lazyLoadMembers: filter.lazy_load_members,
      ignoredUsers: await ignoredUsers({ shard }, requester),
    } as const;
    const messages = await readOverHoles(
      (page: typeof query) => room.readMessages(page),
      (holes) => backfill(roomId, holes, limit),
      query,
    );
    const shown = inRoom(roomId);
    return Response.json({
      start: from ?? messages.start,
      end: messages.end,
      chunk: messages.chunk.map(shown),
      ...(messages.state.length === 0 ? {} : { state: messages.state.map(shown) }),
    });
  });
