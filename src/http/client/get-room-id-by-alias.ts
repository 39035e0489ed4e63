// GET /_matrix/client/v3/directory/room/{roomAlias} (Client-Server API, "Room aliases")
import { Hono } from 'hono';

import { resolveAlias } from '../../rooms/room-aliases.ts';
import { roomAliasOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'rooms' | 'room'>;

/** Open to everybody. */
export const getRoomIdByAlias = (deps: Deps) =>
  new Hono().get('/_matrix/client/v3/directory/room/:roomAlias', async (c) => {
    const { roomId, servers } = await resolveAlias(deps, roomAliasOf(c.req.param('roomAlias')));
    return c.json({ room_id: roomId, servers });
  });
