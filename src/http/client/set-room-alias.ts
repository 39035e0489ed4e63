// PUT /_matrix/client/v3/directory/room/{roomAlias} (Client-Server API, "Room aliases")
import { Hono } from 'hono';
import * as v from 'valibot';

import { setAlias } from '../../rooms/room-aliases.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { roomAliasOf, roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const Body = v.object({ room_id: v.string() });

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'directory'>;

export const setRoomAlias = (deps: Deps) =>
  new Hono().put(
    '/_matrix/client/v3/directory/room/:roomAlias',
    deps.requireUser,
    deps.limitSending,
    jsonBody(Body),
    async (c) => {
      const alias = roomAliasOf(c.req.param('roomAlias'));
      await setAlias(deps, c.var.requester, alias, roomIdOf(c.req.valid('json').room_id));
      return c.json({});
    },
  );
