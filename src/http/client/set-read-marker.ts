// POST /_matrix/client/v3/rooms/{roomId}/read_markers (Client-Server API, "Fully read markers")
import { Hono } from 'hono';
import * as v from 'valibot';

import { jsonBody } from '../middleware/json-body.ts';
import { eventIdOf, knownRoomId } from './path-ids.ts';
import { mark } from './read-marker.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const Body = v.object({
  'm.fully_read': v.optional(v.string()),
  'm.read': v.optional(v.string()),
  'm.read.private': v.optional(v.string()),
});

const types = ['m.fully_read', 'm.read', 'm.read.private'] as const;

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'now'>;

export const setReadMarker = (deps: Deps) =>
  new Hono().post('/_matrix/client/v3/rooms/:roomId/read_markers', deps.requireUser, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    const markers = types.flatMap((type) => {
      const text = body[type];
      return text === undefined ? [] : [{ type, eventId: eventIdOf(text), threadId: '' }];
    });
    const roomId = await knownRoomId(deps.rooms.registry, c.req.param('roomId'));
    for (const marker of markers) await mark(deps, c.var.requester, { roomId, ...marker });
    return c.json({});
  });
