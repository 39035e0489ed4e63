// GET /_matrix/client/v3/directory/list/room/{roomId} (Client-Server API, "Published room directory")
import { Hono } from 'hono';

import { isPublished } from '../../rooms/room-aliases.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'rooms' | 'directory'>;

/** Open to everybody. */
export const getRoomVisibilityOnDirectory = (deps: Deps) =>
  new Hono().get('/_matrix/client/v3/directory/list/room/:roomId', async (c) => {
    const published = await isPublished(deps, roomIdOf(c.req.param('roomId')));
    return c.json({ visibility: published ? 'public' : 'private' });
  });
