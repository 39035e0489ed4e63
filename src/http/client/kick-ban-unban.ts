// POST /_matrix/client/v3/rooms/{roomId}/kick, ban and unban (Client-Server API, "Leaving rooms", "Banning users in a room")
import { Hono } from 'hono';

import { jsonBody } from '../middleware/json-body.ts';
import { reasonContent, TargetBody } from './membership-body.ts';
import { knownRoomId, userIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room'>;

/** Three operations that differ in their name alone. */
export const kickBanUnban = ({ requireUser, limitSending, rooms, room }: Deps) => {
  const app = new Hono();
  for (const action of ['kick', 'ban', 'unban'] as const) {
    const path = `/_matrix/client/v3/rooms/:roomId/${action}` as const;
    app.post(path, requireUser, limitSending, jsonBody(TargetBody), async (c) => {
      const body = c.req.valid('json');
      const target = userIdOf(body.user_id);
      const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
      const sender = c.var.requester.userId;
      await room.changeMembership({ roomId, action, sender, target, content: reasonContent(body) });
      return c.json({});
    });
  }
  return app;
};
