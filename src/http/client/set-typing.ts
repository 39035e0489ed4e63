// PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId} (Client-Server API, "Typing Notifications")
import { Hono } from 'hono';
import * as v from 'valibot';

import { forbidden } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { knownRoomId, userIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const USUAL_MS = 30_000;
const MAX_MS = 120_000;

const Body = v.object({
  typing: v.boolean(),
  timeout: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), USUAL_MS),
});

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'now'>;

export const setTyping = ({ requireUser, rooms, room, now }: Deps) =>
  new Hono().put('/_matrix/client/v3/rooms/:roomId/typing/:userId', requireUser, jsonBody(Body), async (c) => {
    const { userId } = c.var.requester;
    if (userIdOf(c.req.param('userId')) !== userId) throw forbidden('Users type for themselves');
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const { typing, timeout } = c.req.valid('json');
    const until = typing ? now() + Math.min(timeout, MAX_MS) : undefined;
    await room.typing({ roomId, userId, until });
    return c.json({});
  });
