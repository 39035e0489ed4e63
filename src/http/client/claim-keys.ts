// POST /_matrix/client/v3/keys/claim (Client-Server API, "Key management API")
import { Hono } from 'hono';
import * as v from 'valibot';

import { claimKeys as claim } from '../../device-keys/claim-keys.ts';
import { keyClaims, OneTimeKeysClaim } from '../device-keys-body.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { keyTimeout, RemoteTimeout } from './key-timeout.ts';

const Body = v.object({ one_time_keys: OneTimeKeysClaim, timeout: RemoteTimeout });

export const claimKeys = ({ requireUser, deviceKeys }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/keys/claim', requireUser, jsonBody(Body), async (c) => {
    const { one_time_keys: asked, timeout } = c.req.valid('json');
    return c.json(await claim(deviceKeys, keyClaims(asked), keyTimeout(timeout)));
  });
