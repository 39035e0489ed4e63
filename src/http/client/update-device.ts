// PUT /_matrix/client/v3/devices/{deviceId} (Client-Server API, "Device Management")
import { Hono } from 'hono';
import * as v from 'valibot';

import { notFound } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({ display_name: v.optional(v.pipe(v.string(), v.maxLength(255))) });

export const updateDevice = ({ requireUser, shards }: AccountRouteDeps) =>
  new Hono().put('/_matrix/client/v3/devices/:deviceId', requireUser, jsonBody(Body), async (c) => {
    const { userId, shard, appservice } = c.var.requester;
    const { display_name: displayName } = c.req.valid('json');
    const deviceId = c.req.param('deviceId');
    // Source: Application Service API, "Device management".
    const create = appservice !== undefined;
    const { wasThere } = await shards(shard).putDevice({ userId, deviceId, displayName, create });
    if (!wasThere && !create) throw notFound('There is no such device');
    return c.json({}, wasThere ? 200 : 201);
  });
