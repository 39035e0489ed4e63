// POST /_matrix/client/v3/rooms/{roomId}/kick (Client-Server API, "Leaving rooms")
import { Hono } from 'hono';

import { jsonBody } from '../middleware/json-body.ts';
import { reasonContent, TargetBody } from './membership-body.ts';
import { knownRoomId, userIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room'>;

export const kick = ({ requireUser, limitSending, rooms, room }: Deps) =>
  new Hono().post(
    '/_matrix/client/v3/rooms/:roomId/kick',
    requireUser,
    limitSending,
    jsonBody(TargetBody),
    async (c) => {
      const body = c.req.valid('json');
      const target = userIdOf(body.user_id);
      const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
      const sender = c.var.requester.userId;
      await room.changeMembership({ roomId, action: 'kick', sender, target, content: reasonContent(body) });
      return c.json({});
    },
  );
