// POST /_matrix/client/v3/keys/device_signing/upload (Client-Server API, "Cross-signing")
import { Hono, type Context } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { confirmReset } from '../../accounts/oauth/cross-signing-reset.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { PATHS, RESET_ACTION } from '../oauth/paths.ts';
import { clientBaseUrl } from '../well-known/client-base-url.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import type { FromUser } from './from-user.ts';
import { keyText } from './key-text.ts';

const Key = v.optional(JsonObjectSchema);
const Body = v.object({
  master_key: Key,
  self_signing_key: Key,
  user_signing_key: Key,
  auth: v.optional(v.unknown()),
});

/** The first keys, and the same ones again, need no confirmation. */
export const uploadCrossSigningKeys = (deps: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/keys/device_signing/upload', deps.requireUser, jsonBody(Body), async (c) => {
    const { userId, shard, appservice } = c.var.requester;
    const { auth, ...given } = c.req.valid('json');
    const named = {
      master: given.master_key,
      self_signing: given.self_signing_key,
      user_signing: given.user_signing_key,
    };
    const keys = Object.fromEntries(
      Object.entries(named).flatMap(([usage, key]) => {
        const { unsigned: _unsigned, ...signed } = key ?? {};
        return key === undefined ? [] : [[usage, keyText(signed)] as const];
      }),
    );
    const upload = (isConfirmed: boolean) => deps.shards(shard).uploadSigningKeys({ userId, keys, isConfirmed });
    if (!(await upload(appservice !== undefined))) {
      await confirm(c, deps, auth);
      await upload(true);
    }
    return c.json({});
  });

/** A user of an OAuth 2.0 client does it on the account page: the password is none of that client's business. */
async function confirm(c: Context<FromUser>, deps: AccountRouteDeps, auth: unknown): Promise<void> {
  const { accounts, oauth, shards, isDeployment } = deps;
  const { userId, deviceId, shard } = c.var.requester;
  const devices = await shards(shard).devices({ userId });
  const ofClient = devices.some((device) => device.deviceId === deviceId && device.clientId !== undefined);
  if (!ofClient || !(await oauth.isOAuthOn())) {
    await confirmPassword(accounts, userId, 'uploadCrossSigningKeys', auth);
    return;
  }
  await confirmReset(oauth, { userId, deviceId }, auth, (session) => {
    const search = new URLSearchParams({ action: RESET_ACTION, device_id: deviceId, session });
    return `${clientBaseUrl(c, isDeployment)}${PATHS.account}?${search.toString()}`;
  });
}
