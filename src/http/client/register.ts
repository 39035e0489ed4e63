// POST /_matrix/client/v3/register (Client-Server API, "Account registration")
import { randomBytes } from 'node:crypto';

import { Hono } from 'hono';
import * as v from 'valibot';

import { openSession } from '../../accounts/open-session.ts';
import type { AccountsDeps } from '../../accounts/ports.ts';
import { createAccount, newUserId } from '../../accounts/register.ts';
import { challenge, requireStage, type Uia } from '../../accounts/uia.ts';
import { forbidden, missingParam, unauthorized, userInUse } from '../../matrix/error.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({
  auth: v.optional(v.any()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  device_id: v.optional(v.pipe(v.string(), v.maxLength(255))),
  initial_device_display_name: v.optional(v.pipe(v.string(), v.maxLength(255))),
  inhibit_login: v.optional(v.boolean()),
  refresh_token: v.optional(v.boolean()),
});

const stagesOf = {
  open: ['m.login.dummy', 'm.login.registration_token'],
  token: ['m.login.registration_token'],
  closed: ['m.login.registration_token'],
} as const;

export const register = (deps: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/register', jsonBody(Body), async (c) => {
    if ((c.req.query('kind') ?? 'user') !== 'user') throw forbidden('Guests are not admitted');
    const { accounts, secret } = deps;
    const body = c.req.valid('json');
    const userId = newUserId(accounts, body.username ?? randomBytes(8).toString('hex'));
    if ((await accounts.accounts.find(userId)) !== undefined) throw userInUse('That user name is taken');
    const uia: Uia = { operation: 'register', stages: stagesOf[await accounts.registration()] };
    const auth = requireStage(uia, body.auth as JsonValue | undefined, secret, accounts.now());
    if (body.password === undefined) throw missingParam('Missing: password');
    const isAdmin = await passStage(accounts, uia, auth, secret);
    const account = await createAccount(accounts, { userId, password: body.password, isAdmin });
    if (body.inhibit_login === true) return c.json({ user_id: userId });
    const session = await openSession(accounts, account, {
      deviceId: body.device_id,
      initialDisplayName: body.initial_device_display_name,
      wantsRefreshToken: body.refresh_token === true,
    });
    return c.json({
      user_id: userId,
      device_id: session.deviceId,
      access_token: session.accessToken,
      ...(session.refreshToken === undefined ? {} : { refresh_token: session.refreshToken }),
      ...(session.expiresInMs === undefined ? {} : { expires_in_ms: session.expiresInMs }),
    });
  });

/** @returns whether the account is an administrator's. Throws 401 for a token that is not valid. */
async function passStage(accounts: AccountsDeps, uia: Uia, auth: JsonObject, secret: string): Promise<boolean> {
  if (auth['type'] === 'm.login.dummy') return false;
  const { token } = auth;
  const used = typeof token === 'string' ? await accounts.tokens.use(token, accounts.now()) : undefined;
  if (used === undefined)
    throw challenge(uia, secret, accounts.now(), unauthorized('The registration token is not valid'));
  return used.isAdmin;
}
