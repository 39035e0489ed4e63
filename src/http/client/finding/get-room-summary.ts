// GET /_matrix/client/v1/room_summary/{roomIdOrAlias} (Client-Server API, "Room Summaries")
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';

import { roomSummary } from '../../../rooms/finding/room-summary.ts';
import type { RequireUser, Requester } from '../from-user.ts';
import { serverNames } from '../path-ids.ts';
import type { FindingDeps } from './deps.ts';

type Deps = Pick<FindingDeps, 'requireUser' | 'spaces' | 'named'>;

/** Who has no token is told of rooms here that everybody may enter, knock on or read. */
export const getRoomSummary = ({ requireUser, spaces, named }: Deps) =>
  new Hono().get('/_matrix/client/v1/room_summary/:roomIdOrAlias', whoeverAsks(requireUser), async (c) => {
    const { roomId, servers } = await named(c.req.param('roomIdOrAlias'));
    const via = serverNames(c.req.queries('via') ?? []);
    const userId = (c.var.requester as Requester | undefined)?.userId;
    return c.json(await roomSummary(spaces, { userId, roomId, servers: [...via, ...servers] }));
  });

const whoeverAsks = (requireUser: RequireUser) =>
  createMiddleware<{ Variables: { requester: Requester } }>(async (c, next) => {
    const hasToken = c.req.header('authorization') !== undefined || c.req.query('access_token') !== undefined;
    return hasToken ? requireUser(c, next) : next();
  });
