// GET /_matrix/federation/v1/query/profile (Server-Server API, "Querying for information")
import type { Context } from 'hono';

import { invalidParam, notFound } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { userIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

type Deps = Pick<FederationRoomDeps, 'serverName' | 'profiles'>;

export const queryProfile =
  ({ serverName, profiles }: Deps) =>
  async (c: Context) => {
    const userId = userIdIn(c.req.query('user_id'));
    if (userIdServer(userId) !== serverName) throw invalidParam('The user is not one of this server');
    const profile = await profiles.local(userId, c.req.query('field'));
    if (profile === undefined) throw notFound('There is no such profile');
    return c.json(profile);
  };
