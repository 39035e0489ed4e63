// DELETE /_matrix/client/v3/directory/room/{roomAlias} (Client-Server API, "Room aliases")
import { Hono } from 'hono';

import { deleteAlias } from '../../rooms/room-aliases.ts';
import { roomAliasOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'directory'>;

export const deleteRoomAlias = (deps: Deps) =>
  new Hono().delete('/_matrix/client/v3/directory/room/:roomAlias', deps.requireUser, async (c) => {
    await deleteAlias(deps, c.var.requester, roomAliasOf(c.req.param('roomAlias')));
    return c.json({});
  });
