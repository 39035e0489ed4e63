// GET /_matrix/client/v3/joined_rooms (Client-Server API, "Room membership")
import { Hono } from 'hono';

import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'shard'>;

export const getJoinedRooms = ({ requireUser, shard }: Deps) =>
  new Hono().get('/_matrix/client/v3/joined_rooms', requireUser, async (c) => {
    const { userId, shard: name } = c.var.requester;
    return c.json({ joined_rooms: await shard(name).joinedRooms({ userId }) });
  });
