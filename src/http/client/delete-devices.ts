// POST /_matrix/client/v3/delete_devices (Client-Server API, "Device Management")
import { Hono } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({ devices: v.pipe(v.array(v.string()), v.maxLength(1_000)), auth: v.optional(v.unknown()) });

export const deleteDevices = ({ requireUser, accounts, shards, tokenCache }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/delete_devices', requireUser, jsonBody(Body), async (c) => {
    const { userId, shard, appservice } = c.var.requester;
    const { devices: deviceIds, auth } = c.req.valid('json');
    if (appservice === undefined) await confirmPassword(accounts, userId, 'deleteDevices', auth);
    await shards(shard).removeDevices({ userId, deviceIds });
    tokenCache.forget(userId, deviceIds);
    return c.json({});
  });
