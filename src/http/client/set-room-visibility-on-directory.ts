// PUT /_matrix/client/v3/directory/list/room/{roomId} (Client-Server API, "Published room directory")
import { Hono } from 'hono';
import * as v from 'valibot';

import { setPublished } from '../../rooms/room-aliases.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const Body = v.object({ visibility: v.optional(v.picklist(['public', 'private']), 'public') });

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'directory'>;

export const setRoomVisibilityOnDirectory = (deps: Deps) =>
  new Hono().put('/_matrix/client/v3/directory/list/room/:roomId', deps.requireUser, jsonBody(Body), async (c) => {
    const { visibility } = c.req.valid('json');
    await setPublished(deps, c.var.requester, roomIdOf(c.req.param('roomId')), visibility === 'public');
    return c.json({});
  });
