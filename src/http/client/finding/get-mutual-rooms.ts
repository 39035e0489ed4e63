// GET /_matrix/client/v1/mutual_rooms (Client-Server API, "Mutual Rooms")
import { Hono } from 'hono';

import { missingParam } from '../../../matrix/error.ts';
import { mutualRooms } from '../../../rooms/finding/mutual-rooms.ts';
import type { FindingDeps } from './deps.ts';

export const getMutualRooms = ({
  requireUser,
  limitSearches,
  mutual,
}: Pick<FindingDeps, 'requireUser' | 'limitSearches' | 'mutual'>) =>
  new Hono().get('/_matrix/client/v1/mutual_rooms', requireUser, limitSearches, async (c) => {
    const { user_id: userId, from } = c.req.query();
    if (userId === undefined) throw missingParam('user_id is missing');
    return c.json(await mutualRooms(mutual, c.var.requester, { userId, from }));
  });
