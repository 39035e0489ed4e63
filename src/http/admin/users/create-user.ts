// POST /_eyrie/admin/v1/users
import { Hono } from 'hono';
import * as v from 'valibot';

import { createManaged } from '../../../accounts/manage-accounts.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { AdminUserDeps } from './user-routes-deps.ts';

const Body = v.object({
  username: v.string(),
  password: v.nullish(v.string()),
  admin: v.optional(v.boolean(), false),
  displayname: v.nullish(v.pipe(v.string(), v.maxLength(256))),
});

/** Whatever the registration setting says. Without a password the user can log in once an administrator sets one. */
export const createUser = ({ requireAdmin, setDisplayname, ...deps }: AdminUserDeps) =>
  new Hono().post('/_eyrie/admin/v1/users', ...requireAdmin, jsonBody(Body), async (c) => {
    const { username, password, admin, displayname } = c.req.valid('json');
    const account = await createManaged(deps, c.var.requester.userId, {
      username,
      password: password ?? undefined,
      isAdmin: admin,
    });
    if (typeof displayname === 'string' && displayname !== '') await setDisplayname(account, displayname);
    return c.json({ user_id: account.userId });
  });
