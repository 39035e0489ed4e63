// GET /_matrix/client/v1/rooms/{roomId}/threads (Client-Server API, "Querying threads in a room")
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { deviceScope } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { limitParam } from './limit-param.ts';
import { knownRoomId } from './path-ids.ts';
import { pointOfToken } from './point-of-token.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'epoch'>;

export const getThreadRoots = (deps: Deps) =>
  new Hono().get('/_matrix/client/v1/rooms/:roomId/threads', deps.requireUser, async (c) => {
    const { requester } = c.var;
    const roomId = await knownRoomId(deps.rooms.registry, c.req.param('roomId'));
    const { include = 'all', from, limit } = c.req.query();
    if (include !== 'all' && include !== 'participated') throw invalidParam('include is all or participated');
    const tokens = { shard: deps.shard(requester.shard), epoch: deps.epoch };
    const point = await pointOfToken(tokens, roomId, from);
    const { chunk, nextBatch } = await deps.room.readThreads({
      roomId,
      userId: requester.userId,
      scope: deviceScope(requester),
      ignoredUsers: await ignoredUsers(deps, requester),
      isParticipated: include === 'participated',
      from: point,
      limit: limitParam(limit, { min: 1, max: 100, usual: 20 }),
    });
    return c.json({
      chunk: chunk.map(inRoom(roomId)),
      ...(nextBatch === undefined ? {} : { next_batch: nextBatch }),
    });
  });
