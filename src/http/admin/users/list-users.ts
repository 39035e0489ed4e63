// GET /_eyrie/admin/v1/users
import { Hono } from 'hono';

import { limitParam } from '../../client/limit-param.ts';
import { userAnswer } from './user-answer.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

/** By user ID; `from` is what the page before gave as `next`, `search` a part of the user ID. */
export const listUsers = ({ requireAdmin, administration }: AdminUserDeps) =>
  new Hono().get('/_eyrie/admin/v1/users', ...requireAdmin, async (c) => {
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 500, usual: 100 });
    const search = c.req.query('search')?.toLowerCase();
    const listed = await administration.list({ limit, after: c.req.query('from'), search });
    const last = listed.at(-1);
    return c.json({
      users: listed.map(userAnswer),
      ...(last === undefined || listed.length < limit ? {} : { next: last.userId }),
    });
  });
