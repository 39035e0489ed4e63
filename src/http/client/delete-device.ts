// DELETE /_matrix/client/v3/devices/{deviceId} (Client-Server API, "Device Management")
import { Hono } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({ auth: v.optional(v.unknown()) });

export const deleteDevice = ({ requireUser, accounts, shards, tokenCache }: AccountRouteDeps) =>
  new Hono().delete('/_matrix/client/v3/devices/:deviceId', requireUser, jsonBody(Body), async (c) => {
    const { userId, shard, appservice } = c.var.requester;
    const deviceId = c.req.param('deviceId');
    if (appservice === undefined)
      await confirmPassword(accounts, userId, `deleteDevice ${deviceId}`, c.req.valid('json').auth);
    await shards(shard).removeDevices({ userId, deviceIds: [deviceId] });
    tokenCache.forget(userId, [deviceId]);
    return c.json({});
  });
