// POST /_matrix/client/v3/rooms/{roomId}/forget (Client-Server API, "Leaving rooms")
import { Hono } from 'hono';

import { unknown } from '../../matrix/error.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'shard'>;

export const forgetRoom = ({ requireUser, shard }: Deps) =>
  new Hono().post('/_matrix/client/v3/rooms/:roomId/forget', requireUser, async (c) => {
    const roomId = roomIdOf(c.req.param('roomId'));
    const { userId, shard: name } = c.var.requester;
    const own = shard(name);
    if ((await own.joinedRooms({ userId })).includes(roomId)) throw unknown(`User ${userId} is in room ${roomId}`);
    await own.forgetRoom({ userId, roomId });
    return c.json({});
  });
