// POST /_matrix/client/v3/logout/all (Client-Server API, "Login")
import { Hono } from 'hono';

import type { AccountRouteDeps } from './accounts-deps.ts';

export const logoutAll = ({ requireUser, shards, tokenCache }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/logout/all', requireUser, async (c) => {
    const { userId, shard } = c.var.requester;
    await shards(shard).removeDevices({ userId, deviceIds: undefined });
    tokenCache.forget(userId);
    return c.json({});
  });
