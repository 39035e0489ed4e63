// POST /_eyrie/oauth/token (Client-Server API, "Grant types"; RFC 6749, 3.2)
import { Hono } from 'hono';

import { exchange } from '../../accounts/oauth/exchange.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { PATHS } from './paths.ts';
import { readForm } from './read-form.ts';
import { requireOAuth } from './require-oauth.ts';

export const token = ({ oauth, limits, tokenCache }: OAuthRoutesDeps) =>
  new Hono().post(PATHS.token, requireOAuth(oauth), limits.guessing, async (c) => {
    const form = await readForm(c.req.raw);
    const { accessToken, refreshToken, expiresInMs, scope } = await exchange(oauth, form, ({ userId, deviceId }) =>
      tokenCache.forget(userId, [deviceId]),
    );
    c.header('Cache-Control', 'no-store');
    return c.json({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresInMs / 1000,
      refresh_token: refreshToken,
      ...(scope === undefined ? {} : { scope }),
    });
  });
