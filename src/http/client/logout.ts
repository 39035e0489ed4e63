// POST /_matrix/client/v3/logout and /logout/all (Client-Server API, "Login")
import { Hono } from 'hono';

import type { AccountRouteDeps } from './accounts-deps.ts';

export const logout = (deps: AccountRouteDeps) =>
  new Hono()
    .post('/_matrix/client/v3/logout', deps.requireUser, async (c) => {
      const { userId, deviceId, shard, token } = c.var.requester;
      await deps.shards(shard).removeDevices({ userId, deviceIds: [deviceId] });
      deps.tokenCache.forget(token);
      return c.json({});
    })
    .post('/_matrix/client/v3/logout/all', deps.requireUser, async (c) => {
      const { userId, shard, token } = c.var.requester;
      await deps.shards(shard).removeDevices({ userId, deviceIds: undefined });
      deps.tokenCache.forget(token);
      return c.json({});
    });
