// GET /_matrix/client/v3/account/whoami (Client-Server API, "Account management")
import { Hono } from 'hono';

import type { AccountRouteDeps } from './accounts-deps.ts';

export const getTokenOwner = (deps: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v3/account/whoami', deps.requireUser, (c) => {
    const { userId, deviceId, isGuest } = c.var.requester;
    return c.json({ user_id: userId, ...(deviceId === '' ? {} : { device_id: deviceId }), is_guest: isGuest });
  });
