// POST /_matrix/client/v3/rooms/{roomId}/join (Client-Server API, "Joining rooms")
import { Hono } from 'hono';

import { joinRoom } from '../../rooms/join-room.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { ReasonBody, reasonContent } from './membership-body.ts';
import { roomIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'settle' | 'joined'>;

export const joinRoomById = ({ requireUser, limitSending, rooms, room, settle, joined }: Deps) =>
  new Hono().post(
    '/_matrix/client/v3/rooms/:roomId/join',
    requireUser,
    limitSending,
    jsonBody(ReasonBody),
    async (c) => {
      const roomId = roomIdOf(c.req.param('roomId'));
      const { requester } = c.var;
      await joinRoom(rooms, requester, roomId, [], reasonContent(c.req.valid('json')));
      await joined(requester, roomId);
      await settle(roomId, requester, (await room.status({ roomId })).head);
      return c.json({ room_id: roomId });
    },
  );
