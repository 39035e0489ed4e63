// GET /_matrix/client/v3/devices (Client-Server API, "Device Management")
import { Hono } from 'hono';

import type { AccountRouteDeps } from './accounts-deps.ts';
import { clientDevice } from './client-device.ts';

export const getDevices = ({ requireUser, shards }: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v3/devices', requireUser, async (c) => {
    const { userId, shard } = c.var.requester;
    return c.json({ devices: (await shards(shard).devices({ userId })).map(clientDevice) });
  });
