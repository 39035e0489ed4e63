// POST /_matrix/client/v3/rooms/{roomId}/leave (Client-Server API, "Leaving rooms")
import { Hono } from 'hono';

import { leaveRoom as leave } from '../../rooms/leave-room.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { ReasonBody, reasonContent } from './membership-body.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'settle'>;

export const leaveRoom = ({ requireUser, limitSending, rooms, settle }: Deps) =>
  new Hono().post(
    '/_matrix/client/v3/rooms/:roomId/leave',
    requireUser,
    limitSending,
    jsonBody(ReasonBody),
    async (c) => {
      const roomId = roomIdOf(c.req.param('roomId'));
      const { requester } = c.var;
      const sent = await leave(rooms, requester, roomId, reasonContent(c.req.valid('json')));
      await settle(roomId, requester, sent.pos);
      return c.json({});
    },
  );
