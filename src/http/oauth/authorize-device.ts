// POST /_eyrie/oauth/device (Client-Server API, "Device authorisation flow"; RFC 8628, 3.1)
import { Hono } from 'hono';

import { beginDeviceGrant, DEVICE_CODE_LIFE_MS, POLL_INTERVAL_MS } from '../../accounts/oauth/device-grant.ts';
import { clientBaseUrl } from '../well-known/client-base-url.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { PATHS } from './paths.ts';
import { readForm } from './read-form.ts';
import { requireOAuth } from './require-oauth.ts';

export const authorizeDevice = ({ oauth, limits, isDeployment }: OAuthRoutesDeps) =>
  new Hono().post(PATHS.device, requireOAuth(oauth), limits.guessing, async (c) => {
    const { client_id: clientId = '', scope = '' } = await readForm(c.req.raw);
    const { deviceCode, userCode } = await beginDeviceGrant(oauth, { clientId, scope });
    const link = clientBaseUrl(c, isDeployment) + PATHS.link;
    c.header('Cache-Control', 'no-store');
    return c.json({
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: link,
      verification_uri_complete: `${link}?user_code=${userCode}`,
      expires_in: DEVICE_CODE_LIFE_MS / 1000,
      interval: POLL_INTERVAL_MS / 1000,
    });
  });
