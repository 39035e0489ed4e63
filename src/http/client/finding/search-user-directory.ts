// POST /_matrix/client/v3/user_directory/search (Client-Server API, "User Directory")
import { Hono } from 'hono';
import * as v from 'valibot';

import { searchUsers } from '../../../rooms/finding/search-users.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { FindingDeps } from './deps.ts';

const USUAL = 10;
const MOST = 50;

const Body = v.object({
  search_term: v.pipe(v.string(), v.maxLength(1_000)),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), USUAL),
});

export const searchUserDirectory = ({
  requireUser,
  limitSearches,
  users,
}: Pick<FindingDeps, 'requireUser' | 'limitSearches' | 'users'>) =>
  new Hono().post('/_matrix/client/v3/user_directory/search', requireUser, limitSearches, jsonBody(Body), async (c) => {
    const { search_term: term, limit } = c.req.valid('json');
    const { userId, shard } = c.var.requester;
    return c.json(await searchUsers(users, { userId, shard, term, limit: Math.min(limit, MOST) }));
  });
