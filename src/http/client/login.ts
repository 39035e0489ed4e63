// POST /_matrix/client/v3/login (Client-Server API, "Login")
import { Hono } from 'hono';
import * as v from 'valibot';

import { ownedAccount } from '../../accounts/appservice-accounts.ts';
import { checkPassword, loginUserId } from '../../accounts/login.ts';
import { redeemLoginToken } from '../../accounts/login-token.ts';
import { openSession } from '../../accounts/open-session.ts';
import type { Account, AccountsDeps } from '../../accounts/ports.ts';
import { forbidden, missingParam, unknown } from '../../matrix/error.ts';
import { APPSERVICE_LOGIN, requireAppservice } from '../middleware/require-appservice.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { sessionAnswer } from './session-answer.ts';

const Body = v.object({
  type: v.string(),
  identifier: v.optional(v.object({ type: v.string(), user: v.optional(v.string()) })),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  token: v.optional(v.string()),
  device_id: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(255))),
  initial_device_display_name: v.optional(v.pipe(v.string(), v.maxLength(255))),
  refresh_token: v.optional(v.boolean()),
});

export const login = ({ accounts, appservices, limits }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/login', limits.login, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    const account =
      body.type === APPSERVICE_LOGIN
        ? await ownedAccount(accounts, await requireAppservice(appservices, c), loginUserId(accounts, namedUser(body)))
        : await provenAccount(accounts, body);
    const session = await openSession(accounts, account, {
      deviceId: body.device_id,
      initialDisplayName: body.initial_device_display_name,
      wantsRefreshToken: body.refresh_token === true,
      byAppservice: body.type === APPSERVICE_LOGIN,
    });
    return c.json(sessionAnswer(session, accounts.serverName));
  });

/** Throws `M_UNKNOWN` for types that are not there, `M_FORBIDDEN` where nothing is proven. */
async function provenAccount(accounts: AccountsDeps, body: v.InferOutput<typeof Body>): Promise<Account> {
  if (body.type === 'm.login.token') {
    if (body.token === undefined) throw missingParam('Missing: token');
    return redeemLoginToken(accounts, body.token);
  }
  if (body.type !== 'm.login.password') throw unknown('This login type is not supported');
  const user = namedUser(body);
  if (body.password === undefined) throw missingParam('Missing: password');
  return checkPassword(accounts, loginUserId(accounts, user), body.password);
}

function namedUser(body: v.InferOutput<typeof Body>): string {
  // No account has an e-mail address or a telephone number here.
  if (body.identifier !== undefined && body.identifier.type !== 'm.id.user') {
    throw forbidden('Wrong user name or password');
  }
  const user = body.identifier?.user ?? body.user;
  if (user === undefined) throw missingParam('Missing: identifier.user');
  return user;
}
