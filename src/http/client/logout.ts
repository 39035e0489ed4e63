// POST /_matrix/client/v3/logout (Client-Server API, "Login")
import { Hono } from 'hono';

import { forbidden } from '../../matrix/error.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

export const logout = ({ requireUser, shards, tokenCache }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/logout', requireUser, async (c) => {
    const { userId, deviceId, shard } = c.var.requester;
    if (deviceId === '') throw forbidden('Without a device there is nothing to log out');
    await shards(shard).removeDevices({ userId, deviceIds: [deviceId] });
    tokenCache.forget(userId, [deviceId]);
    return c.json({});
  });
