// GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}[/{relType}[/{eventType}]] (Client-Server API, "Relationships API")
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { deviceScope, type Requester } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { limitParam } from './limit-param.ts';
import { knownRoomId, soughtEventId } from './path-ids.ts';
import { pointOfToken } from './point-of-token.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'epoch'>;

const PATH = '/_matrix/client/v1/rooms/:roomId/relations/:eventId';

/** As clients call it at a server that does not claim version 1.10. See `get-versions.ts`. */
const UNSTABLE_RECURSE = 'org.matrix.msc3981.recurse';

interface Asked {
  readonly roomId: string;
  readonly eventId: string;
  readonly relType?: string;
  readonly eventType?: string;
  readonly query: Record<string, string>;
}

export const getRelatingEvents = (deps: Deps) =>
  new Hono()
    .get(PATH, deps.requireUser, async (c) =>
      c.json(await relations(deps, c.var.requester, { ...c.req.param(), query: c.req.query() })),
    )
    .get(`${PATH}/:relType`, deps.requireUser, async (c) =>
      c.json(await relations(deps, c.var.requester, { ...c.req.param(), query: c.req.query() })),
    )
    .get(`${PATH}/:relType/:eventType`, deps.requireUser, async (c) =>
      c.json(await relations(deps, c.var.requester, { ...c.req.param(), query: c.req.query() })),
    );

async function relations(deps: Deps, requester: Requester, asked: Asked): Promise<object> {
  const { query, relType, eventType } = asked;
  const roomId = await knownRoomId(deps.rooms.registry, asked.roomId);
  const { dir = 'b', from, to, [UNSTABLE_RECURSE]: unstable, recurse = unstable } = query;
  if (dir !== 'b' && dir !== 'f') throw invalidParam('dir is b or f');
  if (recurse !== undefined && recurse !== 'true' && recurse !== 'false')
    throw invalidParam('recurse is true or false');
  const tokens = { shard: deps.shard(requester.shard), epoch: deps.epoch };
  const { chunk, nextBatch, depth } = await deps.room.readRelations({
    roomId,
    userId: requester.userId,
    scope: deviceScope(requester),
    ignoredUsers: await ignoredUsers(deps, requester),
    eventId: soughtEventId(asked.eventId),
    ...(relType === undefined ? {} : { relType }),
    ...(eventType === undefined ? {} : { eventType }),
    dir,
    from: await pointOfToken(tokens, roomId, from),
    to: await pointOfToken(tokens, roomId, to),
    limit: limitParam(query['limit'], { min: 1, max: 100, usual: 20 }),
    recurse: recurse === 'true',
  });
  return {
    chunk: chunk.map(inRoom(roomId)),
    ...(nextBatch === undefined ? {} : { next_batch: nextBatch }),
    ...(from === undefined ? {} : { prev_batch: from }),
    ...(recurse === undefined ? {} : { recursion_depth: depth }),
  };
}
