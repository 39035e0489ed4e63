// GET /_matrix/client/v3/rooms/{roomId}/joined_members (Client-Server API, "Getting events for a room")
import { Hono } from 'hono';

import { deviceScope } from './from-user.ts';
import { knownRoomId } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room'>;

export const getJoinedMembersByRoom = ({ requireUser, rooms, room }: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/joined_members', requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const who = { roomId, userId: requester.userId, scope: deviceScope(requester) };
    return Response.json({ joined: await room.readJoinedMembers(who) });
  });
