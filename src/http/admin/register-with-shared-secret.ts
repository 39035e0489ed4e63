// POST /_synapse/admin/v1/register (Synapse, "Shared-Secret Registration")
import { Hono } from 'hono';
import * as v from 'valibot';

import { openSession } from '../../accounts/open-session.ts';
import type { Account } from '../../accounts/ports.ts';
import { registerWithSharedSecret, type SharedSecretDeps } from '../../accounts/shared-secret.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { Limits } from '../middleware/rate-limit.ts';

const Body = v.object({
  nonce: v.string(),
  username: v.string(),
  password: v.string(),
  admin: v.optional(v.boolean()),
  user_type: v.optional(v.nullable(v.string())),
  displayname: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(256)))),
  mac: v.string(),
});

/** Makes an account and logs it in. NOTSPEC: Synapse's own path, for the tools that know it. */
export const registerWithSecret = (
  limits: Pick<Limits, 'guessing'>,
  deps: SharedSecretDeps,
  setDisplayname: (user: Account, displayname: string) => Promise<void>,
) =>
  new Hono().post('/_synapse/admin/v1/register', limits.guessing, jsonBody(Body), async (c) => {
    const { user_type, displayname, admin, ...body } = c.req.valid('json');
    const account = await registerWithSharedSecret(deps, {
      ...body,
      admin: admin === true,
      userType: user_type ?? undefined,
    });
    const session = await openSession(deps.accounts, account, {
      deviceId: undefined,
      initialDisplayName: undefined,
      wantsRefreshToken: false,
    });
    if (typeof displayname === 'string' && displayname !== '') await setDisplayname(account, displayname);
    return c.json({
      user_id: session.userId,
      device_id: session.deviceId,
      access_token: session.accessToken,
      home_server: deps.accounts.serverName,
    });
  });
