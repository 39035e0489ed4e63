// GET /_matrix/client/v3/devices/{deviceId} (Client-Server API, "Device Management")
import { Hono } from 'hono';

import { notFound } from '../../matrix/error.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { clientDevice } from './client-device.ts';

export const getDevice = ({ requireUser, shards }: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v3/devices/:deviceId', requireUser, async (c) => {
    const { userId, shard } = c.var.requester;
    const devices = await shards(shard).devices({ userId });
    const device = devices.find(({ deviceId }) => deviceId === c.req.param('deviceId'));
    if (device === undefined) throw notFound('There is no such device');
    return c.json(clientDevice(device));
  });
