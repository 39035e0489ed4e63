// POST /_matrix/client/v3/register (Client-Server API, "Account registration")
import { Hono } from 'hono';
import * as v from 'valibot';

import { registerOwned } from '../../accounts/appservice-accounts.ts';
import { openSession } from '../../accounts/open-session.ts';
import { register as registerAccount, registerGuest } from '../../accounts/register.ts';
import { invalidParam, missingParam } from '../../matrix/error.ts';
import { APPSERVICE_LOGIN, requireAppservice } from '../middleware/require-appservice.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { sessionAnswer } from './session-answer.ts';

const Body = v.object({
  type: v.optional(v.string()),
  auth: v.optional(v.unknown()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  device_id: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(255))),
  initial_device_display_name: v.optional(v.pipe(v.string(), v.maxLength(255))),
  guest_access_token: v.optional(v.string()),
  inhibit_login: v.optional(v.boolean()),
  refresh_token: v.optional(v.boolean()),
});

export const register = ({ accounts, appservices, limits, tokenCache, shards }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/register', limits.registration, jsonBody(Body), async (c) => {
    const kind = c.req.query('kind') ?? 'user';
    if (kind !== 'user' && kind !== 'guest') throw invalidParam('kind is user or guest');
    const { type, username, password, auth, guest_access_token: guestAccessToken, ...wish } = c.req.valid('json');
    const initialDisplayName = wish.initial_device_display_name;
    if (kind === 'guest') {
      await limits.guests(c, async () => {});
      const guest = await registerGuest(accounts);
      // Of a guest's request nothing else counts.
      const ofGuest = { deviceId: undefined, initialDisplayName, wantsRefreshToken: false };
      return c.json(sessionAnswer(await openSession(accounts, guest, ofGuest), accounts.serverName));
    }
    const account =
      type === APPSERVICE_LOGIN
        ? await registerOwned(accounts, await requireAppservice(appservices, c), requireName(username))
        : await registerAccount(accounts, { username, password, auth, guestAccessToken });
    if (wish.inhibit_login === true) return c.json({ user_id: account.userId, home_server: accounts.serverName });
    const session = await openSession(accounts, account, {
      deviceId: wish.device_id,
      initialDisplayName,
      wantsRefreshToken: wish.refresh_token === true,
      byAppservice: type === APPSERVICE_LOGIN,
    });
    if (guestAccessToken !== undefined) {
      tokenCache.forget(account.userId);
      // The shard tells the other rooms, or all of them where this fails.
      await shards(account.shard)
        .runRoomJobs({ userId: account.userId })
        .catch(() => {});
    }
    return c.json(sessionAnswer(session, accounts.serverName));
  });

function requireName(username: string | undefined): string {
  if (username === undefined) throw missingParam('Missing: username');
  return username;
}
