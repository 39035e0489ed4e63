// GET and POST /_matrix/client/v3/login (Client-Server API, "Login")
import { Hono } from 'hono';
import * as v from 'valibot';

import { checkPassword, loginUserId } from '../../accounts/login.ts';
import { openSession } from '../../accounts/open-session.ts';
import { missingParam, unknown } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({
  type: v.string(),
  identifier: v.optional(v.object({ type: v.string(), user: v.optional(v.string()) })),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  device_id: v.optional(v.pipe(v.string(), v.maxLength(255))),
  initial_device_display_name: v.optional(v.pipe(v.string(), v.maxLength(255))),
  refresh_token: v.optional(v.boolean()),
});

export const login = (deps: AccountRouteDeps) =>
  new Hono()
    .get('/_matrix/client/v3/login', (c) => c.json({ flows: [{ type: 'm.login.password' }] }))
    .post('/_matrix/client/v3/login', jsonBody(Body), async (c) => {
      const { accounts } = deps;
      const body = c.req.valid('json');
      if (body.type !== 'm.login.password') throw unknown('This login type is not supported');
      if (body.identifier !== undefined && body.identifier.type !== 'm.id.user') {
        throw unknown('This identifier type is not supported');
      }
      const user = body.identifier?.user ?? body.user;
      if (user === undefined) throw missingParam('Missing: identifier.user');
      if (body.password === undefined) throw missingParam('Missing: password');
      const account = await checkPassword(accounts, loginUserId(accounts, user), body.password);
      const session = await openSession(accounts, account, {
        deviceId: body.device_id,
        initialDisplayName: body.initial_device_display_name,
        wantsRefreshToken: body.refresh_token === true,
      });
      return c.json({
        user_id: session.userId,
        device_id: session.deviceId,
        access_token: session.accessToken,
        home_server: accounts.serverName,
        ...(session.refreshToken === undefined ? {} : { refresh_token: session.refreshToken }),
        ...(session.expiresInMs === undefined ? {} : { expires_in_ms: session.expiresInMs }),
      });
    });
