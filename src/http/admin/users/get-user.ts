// GET /_eyrie/admin/v1/users/{userId}
import { Hono } from 'hono';

import { localUser } from '../../../accounts/manage-accounts.ts';
import { notFound } from '../../../matrix/error.ts';
import { userAnswer } from './user-answer.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

/** Also one that is deactivated. */
export const getUser = ({ requireAdmin, accounts, administration }: AdminUserDeps) =>
  new Hono().get('/_eyrie/admin/v1/users/:userId', ...requireAdmin, async (c) => {
    const account = await administration.find(localUser(accounts, c.req.param('userId')));
    if (account === undefined) throw notFound('There is no such user');
    return c.json(userAnswer(account));
  });
