// GET /_matrix/client/v3/rooms/{roomId}/members (Client-Server API, "Getting events for a room")
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { deviceScope } from './from-user.ts';
import { knownRoomId } from './path-ids.ts';
import { pointOfToken, positionOf } from './point-of-token.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'epoch'>;

export const getMembersByRoom = ({ requireUser, rooms, room, shard, epoch }: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/members', requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const who = { roomId, userId: requester.userId, scope: deviceScope(requester) };
    const membership = membershipParam(c.req.query('membership'));
    const notMembership = membershipParam(c.req.query('not_membership'));
    const tokens = { shard: shard(requester.shard), epoch };
    const point = await pointOfToken(tokens, roomId, c.req.query('at'));
    const members = await room.readMembers({
      ...who,
      ...wanted(membership, notMembership),
      ...(point === undefined ? {} : { at: positionOf(point) }),
    });
    return Response.json({ chunk: members.map(inRoom(roomId)) });
  });

const memberships = ['join', 'invite', 'knock', 'leave', 'ban'];

function membershipParam(text: string | undefined): string | undefined {
  if (text !== undefined && !memberships.includes(text)) throw invalidParam('There is no such membership');
  return text;
}

/** Both together are "either is the one, or is not the other". */
function wanted(membership: string | undefined, notMembership: string | undefined) {
  if (notMembership === undefined) return membership === undefined ? {} : { membership };
  return membership === notMembership ? {} : { notMembership };
}
