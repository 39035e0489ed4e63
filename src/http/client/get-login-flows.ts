// GET /_matrix/client/v3/login (Client-Server API, "Login")
import { Hono } from 'hono';

import { APPSERVICE_LOGIN } from '../middleware/require-appservice.ts';

export const getLoginFlows = () =>
  new Hono().get('/_matrix/client/v3/login', (c) =>
    c.json({
      flows: [
        { type: 'm.login.password' },
        { type: APPSERVICE_LOGIN },
        { type: 'm.login.token', get_login_token: true },
      ],
    }),
  );
