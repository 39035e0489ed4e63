// POST /_matrix/client/v3/keys/query (Client-Server API, "Key management API")
import { Hono } from 'hono';
import * as v from 'valibot';

import { queryKeys as query } from '../../device-keys/query-keys.ts';
import { DeviceKeysQuery, keyQueries } from '../device-keys-body.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { keyTimeout, RemoteTimeout } from './key-timeout.ts';

const Body = v.object({ device_keys: DeviceKeysQuery, timeout: RemoteTimeout });

export const queryKeys = ({ requireUser, deviceKeys }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/keys/query', requireUser, jsonBody(Body), async (c) => {
    const { device_keys: asked, timeout } = c.req.valid('json');
    const { userId, shard } = c.var.requester;
    return c.json(await query(deviceKeys, keyQueries(asked), keyTimeout(timeout), { userId, shard }));
  });
