// GET /_matrix/client/v3/pushers (Client-Server API, "Push Notifications")
import { Hono } from 'hono';

import type { PusherRouteDeps } from './pusher-deps.ts';

export const getPushers = ({ requireUser, shards }: PusherRouteDeps) =>
  new Hono().get('/_matrix/client/v3/pushers', requireUser, async (c) => {
    const { userId, shard } = c.var.requester;
    const pushers = await shards(shard).pushers({ userId });
    return Response.json({
      pushers: pushers.map(({ appId, pushkey, fields }) => ({ app_id: appId, pushkey, ...fields })),
    });
  });
