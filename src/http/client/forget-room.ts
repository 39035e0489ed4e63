// POST /_matrix/client/v3/rooms/{roomId}/forget (Client-Server API, "Leaving rooms")
import { Hono } from 'hono';

import { unknown } from '../../matrix/error.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard'>;

/** The shard shows the room no more, and the room shows the user nothing more. */
export const forgetRoom = ({ requireUser, rooms, room, shard }: Deps) =>
  new Hono().post('/_matrix/client/v3/rooms/:roomId/forget', requireUser, async (c) => {
    const roomId = roomIdOf(c.req.param('roomId'));
    const { userId, shard: name } = c.var.requester;
    const hasLeft = await shard(name).forgetRoom({ userId, roomId });
    if (!hasLeft) throw unknown(`${userId} has not left the room`);
    if (await rooms.registry.has(roomId)) await room.forgetUser({ roomId, userId });
    return c.json({});
  });
