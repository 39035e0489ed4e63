// GET /_matrix/client/v3/rooms/{roomId}/aliases (Client-Server API, "Room aliases")
import { Hono } from 'hono';

import { localAliases } from '../../rooms/room-aliases.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'directory'>;

export const getLocalAliases = (deps: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/aliases', deps.requireUser, async (c) =>
    c.json({ aliases: await localAliases(deps, c.var.requester, roomIdOf(c.req.param('roomId'))) }),
  );
